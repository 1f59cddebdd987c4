"""Any project with one deployment and one budget, for properties that hold for all of them."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from flowscale_specs import (
    ResolvedAuth,
    ResolvedBudget,
    ResolvedCache,
    ResolvedCors,
    ResolvedDeployment,
    ResolvedEnvironment,
    ResolvedGpu,
    ResolvedJwt,
    ResolvedLimits,
    ResolvedMetric,
    ResolvedPrices,
    ResolvedProject,
    ResolvedRollout,
    ResolvedScaling,
    ResolvedToleration,
    ResolvedWebhook,
    ResolvedWindow,
)
from flowscale_specs.kinds.project import Member, Retention
from flowscale_specs.resolved import budget_owner
from flowscale_specs.values import Duration, Version

names = st.text(alphabet="ab0", min_size=1, max_size=6)
_LETTERS = "aZ0 -._/:é€🎨'\"\\"
texts = st.text(alphabet=_LETTERS, max_size=8)
words = st.text(alphabet=_LETTERS, min_size=1, max_size=8)
whole = st.integers(min_value=0, max_value=2**63 - 1)
seconds = st.integers(min_value=0, max_value=3_153_600_000_000).map(lambda millis: millis / 1000)
digests = st.integers(min_value=0, max_value=16**64 - 1).map("sha256:{:064x}".format)
versions = st.tuples(*[st.integers(min_value=0, max_value=99)] * 3).map(
    lambda parts: ".".join(map(str, parts))
)
percents = st.integers(min_value=0, max_value=100_000_000).map(
    lambda millionths: Decimal(millionths) / 1_000_000
)
few = {"max_size": 3}


def maybe(strategy):
    return st.none() | strategy


def tuples(strategy):
    return st.lists(strategy, **few).map(tuple)


def mappings(keys, values):
    return st.dictionaries(keys, values, **few)


gpus = st.builds(
    ResolvedGpu,
    name=names,
    memory=whole,
    price=whole,
    resource=maybe(words),
    count=whole,
    node_selector=mappings(words, texts),
    tolerations=tuples(
        st.builds(ResolvedToleration, key=words, operator=words, value=maybe(texts), effect=maybe(words))
    ),
    mig=maybe(words),
    replicas=whole,
)
scalings = st.builds(
    ResolvedScaling,
    mode=st.sampled_from(["auto", "fixed", "batch", "on-demand"]),
    min=whole,
    max=whole,
    warm=whole,
    queue_depth=whole,
    latency=maybe(seconds),
    cost=maybe(whole),
    predictive=st.booleans(),
    idle_timeout=seconds,
    cooldown=seconds,
    schedule=tuples(st.builds(ResolvedWindow, cron=words, duration=seconds, time_zone=words, min=whole)),
    priority=st.integers(min_value=-1000, max_value=1000),
)
amounts = st.floats(min_value=-1e9, max_value=1e9)
rollouts = st.builds(
    ResolvedRollout,
    mode=st.sampled_from(["canary", "mirror", "experiment"]),
    steps=tuples(amounts),
    interval=seconds,
    runs=whole,
    metrics=tuples(
        st.builds(
            ResolvedMetric,
            name=words,
            maximum=maybe(amounts),
            minimum=maybe(amounts),
            change=maybe(amounts),
        )
    ),
    error_rate=amounts,
    confidence=amounts,
    automatic=st.booleans(),
)
limits = st.builds(
    ResolvedLimits,
    timeout=seconds,
    queue=whole,
    concurrency=whole,
    body=whole,
    rate=maybe(st.tuples(whole, st.integers(min_value=1, max_value=10**9).map(float))),
    memory=maybe(whole),
    attempts=whole,
    idempotency_window=maybe(seconds),
)
auths = st.builds(
    ResolvedAuth,
    required=st.booleans(),
    allowed_addresses=tuples(words),
    signed=st.booleans(),
    jwt=maybe(
        st.builds(
            ResolvedJwt,
            issuer=words,
            audience=words,
            keys=maybe(words),
            user=words,
            groups=words,
            role=words,
            leeway=seconds,
        )
    ),
)
events = st.sampled_from(
    ["run.completed", "run.failed", "run.cancelled", "deployment.updated", "budget.alert"]
)


def _newest_first(traffic):
    return tuple(sorted(traffic.items(), key=lambda item: Version(item[0]).order, reverse=True))


deployments = st.builds(
    ResolvedDeployment,
    name=names,
    workflow=names,
    description=texts,
    traffic=st.dictionaries(versions, percents, min_size=1, max_size=3).map(_newest_first),
    gpu=gpus,
    scaling=scalings,
    limits=limits,
    cache=st.builds(ResolvedCache, enabled=st.booleans(), ttl=maybe(seconds), fuzzy=tuples(words)),
    auth=auths,
    cors=st.builds(
        ResolvedCors, origins=tuples(words), headers=tuples(words), credentials=st.booleans(), max_age=seconds
    ),
    webhooks=tuples(st.builds(ResolvedWebhook, url=words, events=tuples(events), secret=maybe(words))),
    budget=maybe(names),
    variables=mappings(words, texts),
    secrets=mappings(words, words),
    tags=tuples(texts),
    rollout=maybe(rollouts),
    labels=mappings(words, texts),
)
budgets = st.builds(
    ResolvedBudget,
    name=names,
    scope=st.sampled_from(["organization", "team", "project", "deployment", "key"]),
    target=maybe(words),
    owner=st.just(""),
    period=st.sampled_from(["day", "week", "month", "total"]),
    limit=whole,
    soft=maybe(whole),
    alerts=tuples(st.integers(min_value=0, max_value=100)),
    exceeded=st.sampled_from(["refuse", "finish", "scale-to-zero"]),
    deployments=tuples(names),
)
retentions = st.builds(
    Retention, **dict.fromkeys(("inputs", "outputs", "runs", "logs", "audit"), seconds.map(Duration))
)
prices = st.builds(ResolvedPrices, storage=whole, egress=whole, free_egress=whole)
members = st.builds(Member, name=words, role=names, deployments=tuples(names))


@st.composite
def projects(draw):
    """A project, and the digest of each version that it deploys."""
    deployment, budget, environment = draw(deployments), draw(budgets), draw(maybe(names))
    name, organization = draw(names), draw(words)
    budget = replace(budget, owner=budget_owner(budget.scope, budget.target, name, organization))
    project = ResolvedProject(
        name=name,
        organization=organization,
        team=draw(words),
        description=draw(texts),
        members=draw(tuples(members)),
        roles=draw(mappings(names, tuples(words))),
        retention=draw(retentions),
        prices=draw(prices),
        variables={},
        secrets={},
        environment=environment,
        target=ResolvedEnvironment(name=environment, namespace="there") if environment else None,
        workflows={},
        deployments={deployment.name: deployment},
        budgets={budget.name: budget},
        gpus={deployment.gpu.name: deployment.gpu},
    )
    releases = {deployment.workflow: {version: draw(digests) for version, _ in deployment.traffic}}
    return project, releases
