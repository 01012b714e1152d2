"""Which of Redis's answers are waited for like silence, and which are the mistake of a command."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from earshot.analysis.errors import Unavailable
from earshot.storage.redis.client import Parser, Refused, lost_connections

SCRIPT = (
    "ERR Error running script (call to f_94): @user_script:1: @user_script: 1: -{} script: 94, on"
    " @user_script:1."
)
PASSING = (
    "READONLY You can't write against a read only replica.",
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Errors writing to the AOF file: No space left on device",
    (
        "MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist"
        " on disk."
    ),
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "NOREPLICAS Not enough good replicas to write.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM this user has no permissions to run the 'set' command or its subcommand",
    "DENIED Redis is running in protected mode because protected mode is enabled",
    "ERR max number of clients reached",
    (
        "EXECABORT Transaction discarded because of: OOM command not allowed when used memory >"
        " 'maxmemory'."
    ),
    SCRIPT.format("READONLY You can't write against a read only replica."),
    SCRIPT.format("OOM command not allowed when used memory > 'maxmemory'."),
    SCRIPT.format("MISCONF Errors writing to the AOF file: No space left on device"),
)
OF_THE_COMMAND = (
    "ERR value is not a valid float",
    "ERR unknown command 'NOSUCH', with args beginning with: ",
    "ERR wrong number of arguments for 'set' command",
    (
        "ERR Error running script (call to f_94): @user_script:1: user_script:1: attempt to compare"
        " nil with number"
    ),
    SCRIPT.format("WRONGTYPE Operation against a key holding the wrong kind of value"),
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "NOSCRIPT No matching script. Please use EVAL.",
    "EXECABORT Transaction discarded because of previous errors.",
    "BUSYGROUP Consumer Group name already exists",
)


@pytest.mark.parametrize("answer", PASSING)
def test_a_refusal_is_a_lost_connection_to_everybody(answer: str) -> None:
    error = Parser.parse_error(answer)
    assert isinstance(error, RedisConnectionError)
    with pytest.raises(Unavailable), lost_connections():
        raise error


@pytest.mark.parametrize("answer", OF_THE_COMMAND)
def test_a_wrong_command_is_not_waited_for(answer: str) -> None:
    error = Parser.parse_error(answer)
    assert isinstance(error, ResponseError)
    with pytest.raises(ResponseError), lost_connections():
        raise error


def test_who_waits_reads_what_redis_says() -> None:
    with pytest.raises(Unavailable) as caught, lost_connections():
        raise Refused("READONLY You can't write against a read only replica.")
    assert (
        str(caught.value) == "Redis refuses: READONLY You can't write against a read only replica."
    )
