"""Rules and deployments over which the CEL library and the API server must agree."""

from flowscale_specs.resources import resource_of
from stacks import compiling

RULES = {
    "budget": 'deployment.budget != ""',
    "most": "deployment.scaling.max <= 4",
    "timeout": "deployment.limits.timeout <= 600",
    "fraction": "deployment.limits.timeout < 90.75",
    "price": "deployment.gpuType.price * deployment.scaling.max <= 4000000",
    "floor": "deployment.scaling.min > 0 || deployment.scaling.mode == 'on-demand'",
    "choice": "deployment.gpu in ['CPU', 'L4']",
    "latency": "has(deployment.scaling.latency) && deployment.scaling.latency < 30",
    "absent": "deployment.scaling.latency < 30",
    "traffic": "deployment.traffic.all(version, deployment.traffic[version] >= 10)",
    "one-version": "size(deployment.traffic) == 1",
    "origins": "!deployment.cors.origins.exists(origin, origin == '*')",
    "https": "deployment.webhooks.all(hook, hook.url.startsWith('https://'))",
    "pinned": "workflow.models.all(model, model.sha256 != '')",
    "version": "workflow.version.matches('^[2-9][.]')",
    "team": "project.team == 'default' && project.environment == ''",
    "retention": "duration(string(int(project.retention.outputs)) + 's') <= duration('720h')",
    "tags": "deployment.tags.filter(tag, tag.size() > 2).size() > 0",
    "digests": "deployment.releases.exists_one(version, deployment.releases[version].contains('0'))",
    "variables": "!('DEBUG' in deployment.variables)",
    "ternary": "deployment.gpu == 'CPU' ? deployment.scaling.max <= 1 : deployment.budget != ''",
    "missing": "deployment.invented.deeper == 1",
    "quotes": 'deployment.description != "it\'s \\"quoted\\""',
}

DEPLOYMENTS = {
    "plain": "{}",
    "rich": "{gpu: H100, scaling: {min: 1, max: 8, latency: 20s}, budget: studio, tags: [shop, x]}",
    "thrifty": "{gpu: L4, scaling: {max: 4}, limits: {timeout: 90.5s}, budget: studio}",
    "open": "{cors: '*', webhooks: ['http://example.com/hook'], variables: {DEBUG: '1'}}",
    "split": '{traffic: {1.0.0: 95%, 2.0.0: 5%}, description: it\'s "quoted"}',
    "lazy": "{scaling: {mode: on-demand, max: 2, latency: 1m}, limits: {timeout: 1h}}",
}


def resource(name: str):
    """The resource of a deployment of the corpus."""
    text = (
        "kind: Budget\nmetadata: {name: studio}\nspec: {limit: $500/month, scope: deployment}\n---\n"
        f"kind: WorkflowDeployment\nmetadata: {{name: {name}}}\nspec: {DEPLOYMENTS[name]}\n"
    )
    project = compiling.small(text)
    releases = {"hello": {"1.0.0": compiling.OLD, "2.0.0": compiling.NEW}}
    return resource_of(project, name, releases)
