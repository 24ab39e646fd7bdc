from redis import Redis


def test_the_server_of_the_tests_answers_and_keeps_nothing(redis_url: str) -> None:
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        assert redis.ping() is True
        assert redis.config_get("appendonly") == {"appendonly": "no"}
        assert redis.config_get("save") == {"save": ""}
