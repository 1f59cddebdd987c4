"""Text to small pictures: model and text encoder loaders, prompt encoding, sampling, decoding."""

from .nodes import EmojiDecode, EmojiEmptyLatent, EmojiModelLoader, EmojiSampler, EmojiTextEncode

NODE_CLASS_MAPPINGS = {
    "EmojiModelLoader": EmojiModelLoader,
    "EmojiTextEncode": EmojiTextEncode,
    "EmojiEmptyLatent": EmojiEmptyLatent,
    "EmojiSampler": EmojiSampler,
    "EmojiDecode": EmojiDecode,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "EmojiModelLoader": "Load Emoji Model",
    "EmojiTextEncode": "Encode Prompt",
    "EmojiEmptyLatent": "Empty Emoji Latent",
    "EmojiSampler": "Emoji Sampler",
    "EmojiDecode": "Decode Emoji",
}
