"""The documented fields, written by hand and independent of the code under test."""

import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any, str], None]
ULID = "01[0-9a-hjkmnp-tv-z]{24}"


def kind(*types: type) -> Check:
    def check(value: Any, at: str) -> None:
        wrong_bool = isinstance(value, bool) and bool not in types
        assert isinstance(value, types), f"{at}: {value!r}"
        assert not wrong_bool, f"{at}: {value!r}"

    return check


TEXT, FLAG, WHOLE = kind(str), kind(bool), kind(int)
NUMBER = kind(int, float)
TEXT_OR_NULL, WHOLE_OR_NULL = kind(str, type(None)), kind(int, type(None))
NUMBER_OR_NULL = kind(int, float, type(None))
NULL = kind(type(None))


def matching(pattern: str) -> Check:
    def check(value: Any, at: str) -> None:
        TEXT(value, at)
        assert re.fullmatch(pattern, value), f"{at}: {value!r}"

    return check


def one_of(*words: str) -> Check:
    def check(value: Any, at: str) -> None:
        assert value in words, f"{at}: {value!r}"

    return check


def or_null(inner: Check) -> Check:
    def check(value: Any, at: str) -> None:
        if value is not None:
            inner(value, at)

    return check


def many(inner: Check) -> Check:
    def check(value: Any, at: str) -> None:
        assert isinstance(value, list), at
        for index, item in enumerate(value):
            inner(item, f"{at}/{index}")

    return check


def shape(_open: bool = False, /, **fields: Check) -> Check:
    """An object with exactly these fields; a trailing underscore marks an optional one."""
    required = {name: check for name, check in fields.items() if not name.endswith("_")}
    optional = {name[:-1]: check for name, check in fields.items() if name.endswith("_")}

    def check(value: Any, at: str) -> None:
        assert isinstance(value, dict), at
        assert required.keys() <= value.keys(), f"{at}: lacks {required.keys() - value.keys()}"
        extra = value.keys() - required.keys() - optional.keys()
        assert _open or not extra, f"{at}: {extra}"
        for name, inner in (required | optional).items():
            if name in value:
                inner(value[name], f"{at}/{name}")

    return check


def id_of(prefix: str) -> Check:
    return matching(f"{prefix}_{ULID}")


TIME = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TIME_OR_NULL = or_null(TIME)

GATE = shape(allowed=FLAG, reason=TEXT_OR_NULL, code_=TEXT_OR_NULL)

BACKUP = shape(
    id=id_of("bkp"),
    displayId=TEXT,
    storageKey=TEXT,
    createdAt=TIME_OR_NULL,
    sizeGb=NUMBER,
    backupType=one_of("manual", "scheduled"),
    note=TEXT_OR_NULL,
)
BACKUPS = shape(
    backups=many(BACKUP),
    quotaInfo=shape(used=WHOLE, limit=WHOLE_OR_NULL, remaining=WHOLE_OR_NULL),
    actions=shape(canCreateBackup=GATE, canRestore=GATE, canRestoreFromAnotherVps_=GATE),
)

POWER = one_of(
    "running", "stopped", "starting", "stopping", "paused", "provisioning", "error", "unknown"
)
CYCLE = one_of(
    "monthly", "quarterly", "semiannually", "annually", "biennially", "triennially", "free"
)
POWER_GATES = shape(canStart=GATE, canShutdown=GATE, canStop=GATE, canRestart=GATE, canReset=GATE)
VPS = shape(
    id=id_of("vps"),
    name=TEXT,
    primaryIp=TEXT_OR_NULL,
    serviceStatus=one_of(
        "active", "suspended", "terminated", "pending", "cancelled", "expired", "fraud", "unknown"
    ),
    powerState=or_null(POWER),
    operatingSystem=or_null(
        shape(
            displayName=TEXT_OR_NULL,
            family=TEXT_OR_NULL,
            version=TEXT_OR_NULL,
            variant=TEXT_OR_NULL,
        )
    ),
    billing=shape(
        amount=NUMBER,
        currencyCode=TEXT,
        billingCycle=or_null(CYCLE),
        isPayg=FLAG,
        periodYears=WHOLE_OR_NULL,
    ),
    resources=shape(cpuCores=NUMBER, memoryGb=NUMBER, storageGb=NUMBER),
    actions_=POWER_GATES,
    tags_=many(TEXT),
    isPinned_=FLAG,
    bandwidth_=shape(True),
)
VPS_PAGE = shape(data=many(VPS), hasMore=FLAG, nextCursor=TEXT_OR_NULL)

DETAILS = shape(
    True,
    id=id_of("vps"),
    productName=TEXT_OR_NULL,
    hostname=TEXT_OR_NULL,
    serviceStatus=one_of("active", "pending", "suspended", "terminated", "cancelled", "unknown"),
    createdAt=TIME_OR_NULL,
    nextDueAt=TIME_OR_NULL,
    billing=shape(amount=NUMBER, currencyCode=TEXT, billingCycle=CYCLE, isPayg=FLAG),
    cpuCores=NUMBER,
    memoryGb=NUMBER,
    storageGb=NUMBER,
    backupsIncluded=WHOLE,
    bandwidth=shape(
        usedGb=NUMBER, limitGb=NUMBER, inboundGb=NUMBER, outboundGb=NUMBER, usagePercent=NUMBER
    ),
)
_USAGE = shape(usedGb=NUMBER, totalGb=NUMBER, usagePercent=NUMBER)
STATUS = shape(
    True,
    id=id_of("vps"),
    powerState=POWER,
    uptimeSeconds=NUMBER_OR_NULL,
    cpuUsagePercent=NUMBER,
    cpuCores=NUMBER_OR_NULL,
    memory=_USAGE,
    storage=_USAGE,
    network=shape(inboundGb=NUMBER, outboundGb=NUMBER, totalGb=NUMBER),
)

CAPACITY = shape(totalGb=NUMBER, usedGb=NUMBER, freeGb=NUMBER, usagePercent=NUMBER)
STORAGE = shape(
    disks=many(
        shape(
            id=or_null(id_of("vpsdisk")),
            name=TEXT_OR_NULL,
            type=TEXT_OR_NULL,
            device=TEXT_OR_NULL,
            isCdrom=FLAG,
            bootOrder=NUMBER_OR_NULL,
            capacity=CAPACITY,
            io=shape(readGb=NUMBER, writeGb=NUMBER, readOperations=NUMBER, writeOperations=NUMBER),
            actions=shape(canDetach=GATE, canResize_=GATE),
        )
    )
)
AGENT = shape(available=FLAG, reason=TEXT_OR_NULL, vmRunning=FLAG)

_RATES = {
    "currencyCode": matching("[A-Z]{3}"),
    "cpuPerCoreHour": NUMBER,
    "memoryPerGbHour": NUMBER,
    "storagePerGbHour": NUMBER,
    "bandwidthPerGb": NUMBER,
    "ipPerHour": NUMBER,
}
_AMOUNTS = {"cpuCores": WHOLE, "memoryGb": WHOLE, "storageGb": WHOLE}
PREFLIGHT = shape(
    available=FLAG,
    reason=TEXT_OR_NULL,
    access=or_null(
        shape(
            available=FLAG,
            countryPaymentAvailable=FLAG,
            requiresCard=FLAG,
            hasCard=FLAG,
            verified=FLAG,
            cloudAccessEnabled=FLAG,
            reason=TEXT_OR_NULL,
            countryCode=TEXT_OR_NULL,
            blockerReasons=many(TEXT),
        )
    ),
    actions=shape(canDeploy=shape(allowed=FLAG, reason=TEXT_OR_NULL)),
    pricing=shape(**_RATES),
    defaults=shape(regionId=TEXT, resources=shape(**_AMOUNTS)),
    limits_=shape(True),
    regions_=many(lambda value, at: None),
)
_LIMIT = shape(**_AMOUNTS, instanceCount=WHOLE)
LIMITS = shape(
    current=_LIMIT,
    max=_LIMIT,
    remaining=_LIMIT,
    billing=shape(**_RATES),
    hasPendingRequests=FLAG,
    pendingRequests=many(shape(True)),
)
BREAKDOWN = shape(
    estimate=shape(
        basis=one_of("max_24_7"),
        currencyCode=matching("[A-Z]{3}"),
        estimatedMonthlyAmount=NUMBER,
        period=shape(startAt=TIME, endAt=TIME),
        lineItems=many(
            shape(
                type=one_of("cpu", "memory", "storage", "ipv4"),
                label=TEXT,
                quantity=NUMBER,
                ratePerCoreHour_=NUMBER,
                ratePerGbHour_=NUMBER,
                ratePerHour_=NUMBER,
                estimatedAmount=NUMBER,
            )
        ),
    ),
    actualsAvailable=FLAG,
    actualsNote=TEXT,
)
CANCELLATION = shape(
    vpsId=id_of("vps"),
    status=one_of("pending", "scheduled", "completed", "revoked", "none"),
    cancelledAt=TIME_OR_NULL,
    scheduledAt=TIME_OR_NULL,
    reason=TEXT_OR_NULL,
    cancelType=TEXT_OR_NULL,
    revokable=FLAG,
    cancelledPendingOrder_=FLAG,
)

SOURCES = shape(
    sources=many(
        shape(
            id=id_of("vps"),
            name=TEXT,
            serviceStatus=TEXT,
            sourceType=one_of("server", "retained"),
            backups=many(
                shape(
                    id=id_of("bkp"),
                    displayId=TEXT,
                    storageKey=TEXT,
                    createdAt=TIME_OR_NULL,
                    sizeGb=NUMBER,
                )
            ),
        )
    )
)

SCHEDULE = shape(
    id=id_of("bks"),
    name=TEXT,
    frequency=one_of("daily", "weekly", "monthly"),
    time=or_null(matching(r"\d\d:\d\d")),
    daySpecifier=TEXT_OR_NULL,
    retentionCount=WHOLE,
    enabled=FLAG,
    lastRun=TIME_OR_NULL,
)
SETTINGS = shape(
    totalBackupLimit=WHOLE,
    manualBackupsActive=WHOLE,
    scheduledBackupsActive=WHOLE,
    availableScheduledSlots=WHOLE,
    autoDeleteOldest=FLAG,
)
SCHEDULES = shape(
    schedules=many(SCHEDULE),
    settings_=SETTINGS,
    limits_=shape(True),
    history_=many(shape(True)),
    actions_=shape(canCreate=GATE),
)

SNAPSHOTS = shape(
    data=many(
        shape(
            displayId=TEXT,
            name=matching("[A-Za-z0-9_-]{1,40}"),
            description=TEXT_OR_NULL,
            createdAt=TIME_OR_NULL,
            expiresAt=TIME_OR_NULL,
            includesMemoryState=FLAG,
            parentName=TEXT_OR_NULL,
        )
    ),
    available_=FLAG,
    limits_=shape(totalSnapshots=WHOLE),
    actions_=shape(canCreate=GATE, canRestore=GATE),
)

_OPERATION = shape(
    status=one_of("pending", "queued", "in_progress", "completed", "failed"),
    jobId=id_of("job"),
    pollUrl=matching(f"/api/jobs/job_{ULID}"),
    result=or_null(shape(True)),
)
OPERATION = shape(operation=_OPERATION)
NEW_SERVER = shape(
    status=one_of("provisioning"), vpsId=id_of("vps"), orderId=id_of("ord"), operation_=_OPERATION
)
JOB = shape(
    success=FLAG,
    timestamp=TIME,
    requestId=id_of("req"),
    data=shape(
        jobId=id_of("job"),
        queueType=TEXT,
        type=TEXT,
        state=TEXT,
        status=TEXT,
        progress=NUMBER,
        progressTextKey=TEXT,
        progressDetails=shape(percentage=NUMBER, current=NUMBER, total=NUMBER, message=TEXT),
        progressMessage=TEXT,
        result=or_null(shape(True)),
        isCompleted=FLAG,
        isFailed=FLAG,
        isRunning=FLAG,
        isWaiting=FLAG,
        createdAt=TIME,
        finishedAt=TIME_OR_NULL,
        jobName=TEXT,
        vmId=TEXT,
        isScheduled=FLAG,
        delay=TEXT,
        statusKey=TEXT,
    ),
)

PROBLEM = shape(
    type=matching(r"https://developer\.hostup\.se/errors/[a-z_]+"),
    title=TEXT,
    status=WHOLE,
    detail=TEXT,
    code=matching("[a-z_]+"),
    instance=matching("/.*"),
    requestId=id_of("req"),
    timestamp=TIME,
    errors_=many(shape(pointer=matching("(/.+)?"), detail=TEXT, code=TEXT)),
    extensions_=shape(True),
    blockerReasons_=many(TEXT),
)
LEGACY_ERROR = shape(
    error=TEXT,
    message=TEXT,
    requestId=id_of("req"),
    code_=matching("[A-Z_]+"),
    timestamp_=TIME,
    retryAfter_=TIME,
)

AUDIT_PAGE = shape(
    data=many(
        shape(
            id=TEXT,
            occurredAt=TIME,
            method=TEXT,
            endpoint=TEXT,
            path=TEXT,
            success=FLAG,
            resourcesAccessed=many(TEXT),
            severity=TEXT,
            tags=many(TEXT),
            eventSource=one_of("request_audit", "dns_history"),
            category=one_of("dns", "domain", "security", "billing", "api", "account"),
            action=TEXT,
            summary=TEXT,
            ipAddress_=TEXT_OR_NULL,
            userAgent_=TEXT_OR_NULL,
            statusCode_=WHOLE_OR_NULL,
            durationMs_=WHOLE_OR_NULL,
            errorMessage_=TEXT_OR_NULL,
            authMethod_=TEXT_OR_NULL,
            actorType_=or_null(one_of("customer", "staff", "system", "api", "smartcopy")),
            actorId_=TEXT_OR_NULL,
            requestId_=TEXT_OR_NULL,
            resourceLabel_=TEXT_OR_NULL,
        )
    ),
    hasMore=FLAG,
    nextCursor=TEXT_OR_NULL,
)
