"""External links are asked politely and judged right: against a server on 127.0.0.1 that misbehaves in every way it can."""

import gzip
import json
import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from checks import online
from checks.findings import load, run
from checks.online import Answer, Manners, ask, retry_after
from checks.tree import Tree

QUICK = Manners(pause=0.0, timeout=1.5, whole=2.0, longest_wait=2.0, most_bytes=200_000)
load()


@pytest.fixture(scope="module")
def only_server():
    """A server that answers several requests at once."""
    with HTTPServer(host="127.0.0.1", threaded=True) as running:
        yield running


@pytest.fixture
def server(only_server, monkeypatch):
    """The server with nothing to say yet; proxies of the environment are not asked for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    only_server.clear()
    return only_server


def methods(server) -> list[tuple[str, str]]:
    """What was asked of the server, in order."""
    return [(request.method, request.path) for request, _ in server.log]


def one(server, path: str, **manners) -> Answer:
    """The answer for one address of the server."""
    address = server.url_for(path)
    return ask([address], manners=Manners(**{**vars(QUICK), **manners}))[address]


def redirect(server, path: str, to: str, status: int) -> None:
    server.expect_request(path).respond_with_data("", status, headers={"Location": to})


def test_alive_is_asked_once_and_by_head(server):
    server.expect_request("/page").respond_with_data("hello")
    assert one(server, "/page") == Answer()
    assert methods(server) == [("HEAD", "/page")]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_get_decides_where_head_is_refused(server, status):
    server.expect_request("/page", method="HEAD").respond_with_data("", status)
    server.expect_request("/page", method="GET").respond_with_data("hello")
    assert one(server, "/page") == Answer()
    assert methods(server) == [("HEAD", "/page"), ("GET", "/page")]


@pytest.mark.parametrize("status", [404, 410, 500])
def test_what_is_gone_is_said(server, status):
    server.expect_request("/gone").respond_with_data("", status)
    assert one(server, "/gone") == Answer(problem=f"answers {status}")


@pytest.mark.parametrize("status", [401, 403])
def test_a_host_that_refuses_programs_is_not_judged(server, status):
    server.expect_request("/private").respond_with_data("", status)
    answer = one(server, "/private")
    assert not answer.problem and f"answers {status}" in answer.unjudged


def test_retry_after_in_seconds_is_obeyed(server):
    server.expect_oneshot_request("/busy").respond_with_data("", 429, headers={"Retry-After": "1"})
    server.expect_request("/busy").respond_with_data("")
    before = time.monotonic()
    assert one(server, "/busy") == Answer()
    assert time.monotonic() - before >= 1.0
    assert methods(server) == [("HEAD", "/busy")] * 2


def test_retry_after_as_a_date_is_obeyed(server):
    until = datetime.now(UTC) + timedelta(seconds=2)
    server.expect_oneshot_request("/busy").respond_with_data("", 503, headers={"Retry-After": format_datetime(until, usegmt=True)})
    server.expect_request("/busy").respond_with_data("")
    assert one(server, "/busy") == Answer()
    assert datetime.now(UTC) >= until.replace(microsecond=0)


def test_a_host_that_asks_for_too_much_patience_is_left_alone(server):
    server.expect_request("/busy").respond_with_data("", 429, headers={"Retry-After": "3600"})
    assert one(server, "/busy") == Answer(unjudged="the host wants to be left alone for 3600 seconds")
    assert len(server.log) == 1


@pytest.mark.parametrize(
    "status, expected", [(429, Answer(unjudged="the host answers 429 to a program; look at it in a browser")), (503, Answer("answers 503"))]
)
def test_patience_ends(server, status, expected):
    server.expect_request("/busy").respond_with_data("", status, headers={"Retry-After": "0"})
    assert one(server, "/busy") == expected
    assert len(server.log) == QUICK.attempts


@pytest.mark.parametrize("value, seconds", [("7", 7), (" 7 ", 7), ("", None), ("-1", None), ("soon", None), ("9" * 400, None)])
def test_retry_after_values(value, seconds):
    assert retry_after(value) == seconds


def test_retry_after_of_the_past_is_no_wait():
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize("status", [301, 308])
def test_moved_for_good(server, status):
    redirect(server, "/old", "/new", status)
    server.expect_request("/new").respond_with_data('<h1 id="there">')
    assert one(server, "/old") == Answer(f"moved for good; write `{server.url_for('/new')}`")
    assert one(server, "/old#there") == Answer(f"moved for good; write `{server.url_for('/new')}#there`")


@pytest.mark.parametrize("status", [302, 303, 307])
def test_moved_for_today(server, status):
    redirect(server, "/old", "/new", status)
    server.expect_request("/new").respond_with_data("")
    assert one(server, "/old") == Answer()


def test_only_the_lasting_part_of_a_way_is_to_be_written(server):
    redirect(server, "/a", "/b", 301)
    redirect(server, "/b", "/c", 302)
    redirect(server, "/c", "/d", 301)
    server.expect_request("/d").respond_with_data("")
    assert one(server, "/a") == Answer(f"moved for good; write `{server.url_for('/b')}`")


def test_moved_for_good_to_a_dead_end_is_dead(server):
    redirect(server, "/old", "/gone", 301)
    server.expect_request("/gone").respond_with_data("", 404)
    assert one(server, "/old") == Answer("answers 404")


def test_a_circle(server):
    redirect(server, "/a", "/b", 302)
    redirect(server, "/b", "/a", 302)
    assert one(server, "/a") == Answer("is redirected in a circle")
    assert len(server.log) == 2


def test_an_endless_way(server):
    def onward(request: Request) -> Response:
        return Response("", 302, {"Location": f"/way?{int(request.query_string or 0) + 1}"})

    server.expect_request("/way").respond_with_handler(onward)
    assert one(server, "/way", hops=4) == Answer("is redirected more than 4 times")
    assert len(server.log) == 5


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[bad/", "http://" + "a" * 70 + ".invalid./"])
def test_a_redirect_to_nonsense(server, to):
    redirect(server, "/old", to, 302)
    assert one(server, "/old").problem


def test_a_time_out(server):
    server.expect_request("/slow").respond_with_handler(lambda request: time.sleep(3) or Response(""))
    assert one(server, "/slow") == Answer("does not answer within 1.5 seconds")


def test_an_endless_body_is_left(server):
    sent = []

    def endless(request: Request) -> Response:
        return Response((sent.append(1) or b"x" * 10_000 for _ in iter(int, 1)), 200)

    server.expect_request("/endless").respond_with_handler(endless)
    assert one(server, "/endless#end") == Answer(unjudged="the page is so long that its fragment was not reached")
    assert len(sent) < 2_000


def test_a_packed_body_is_not_unpacked_beyond_the_limit(server):
    packed = gzip.compress(b"\0" * 50_000_000)
    server.expect_request("/packed").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert one(server, "/packed#end").unjudged


@pytest.fixture
def raw():
    """A server that sends bytes as they are: `raw(send)` gives the address; `send` gets the connection."""
    running = []

    def start(send) -> str:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(65536)
                send(self.request)

        found = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        found.daemon_threads = True
        running.append(found)
        threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{found.server_address[1]}/"

    yield start
    for each in running:
        each.shutdown()
        each.server_close()


def test_a_reset(raw):
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    address = raw(reset)
    assert ask([address], manners=QUICK) == {address: Answer("no connection can be made, or it breaks off")}


def test_a_body_that_drips(raw):
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(30):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            time.sleep(0.1)

    address = raw(drip) + "#x"
    assert ask([address], manners=QUICK) == {address: Answer("is not read to its end within 2 seconds")}


def test_what_is_no_http_at_all(raw):
    address = raw(lambda connection: connection.sendall(b"220 mail.example.org ESMTP\r\n"))
    assert ask([address], manners=QUICK)[address].problem


def test_a_port_where_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert ask([address], manners=QUICK) == {address: Answer("no connection can be made, or it breaks off")}


PAGE = """<h2 id="plain">a</h2><a name='named'></a><p id=bare>b</p><h2 id="&#32593;&#26725;">c</h2><h2 id="容器-运行时">d</h2>
<script>{"richText":"<h2 id=\\"user-content-stage-1\\">e</h2>"}</script>"""


@pytest.mark.parametrize(
    "fragment", ["plain", "named", "bare", "stage-1", "网桥", quote("网桥"), quote("容器-运行时"), "top", "L12-L14", "readme"]
)
def test_a_fragment_that_is_there(server, fragment):
    server.expect_request("/page").respond_with_data(PAGE, content_type="text/html; charset=utf-8")
    assert one(server, f"/page#{fragment}") == Answer()


@pytest.mark.parametrize("fragment", ["absent", "Plain", quote("插件")])
def test_a_fragment_that_is_not_there(server, fragment):
    server.expect_request("/page").respond_with_data(PAGE, content_type="text/html; charset=utf-8")
    name = {quote("插件"): "插件"}.get(fragment, fragment)
    assert one(server, f"/page#{fragment}") == Answer(f"the page answers, but nothing on it is called `#{name}`")


def test_fragments_of_one_page_cost_one_request(server):
    server.expect_request("/page").respond_with_data(PAGE)
    addresses = [server.url_for("/page") + end for end in ("", "#plain", "#named", "#absent")]
    answers = ask(addresses, manners=QUICK)
    assert [bool(answers[each].problem) for each in addresses] == [False, False, False, True]
    assert methods(server) == [("GET", "/page")]


def test_a_good_answer_is_remembered(server, tmp_path):
    server.expect_request("/page").respond_with_data(PAGE)
    cache = tmp_path / "deep" / "links.json"
    address = server.url_for("/page")
    for _ in range(3):
        assert ask([address], cache, QUICK) == {address: Answer()}
    assert len(server.log) == 1
    assert ask([f"{address}#plain"], cache, QUICK)[f"{address}#plain"] == Answer()
    assert ask([address, f"{address}#plain"], cache, QUICK)[address] == Answer()
    assert len(server.log) == 2, "a fragment that was not looked for is looked for once"


def test_a_bad_answer_is_remembered_for_a_shorter_time(server, tmp_path):
    server.expect_request("/gone").respond_with_data("", 404)
    cache, address = tmp_path / "links.json", server.url_for("/gone")
    for _ in range(2):
        assert ask([address], cache, QUICK)[address].problem
    assert len(server.log) == 2, "HEAD and GET, once"
    entries = json.loads(cache.read_text("utf-8"))
    entries[address]["asked"] -= QUICK.keep_bad + 1
    cache.write_text(json.dumps(entries), "utf-8")
    ask([address], cache, QUICK)
    assert len(server.log) == 4


def test_what_could_not_be_judged_is_asked_again(server, tmp_path):
    server.expect_request("/private").respond_with_data("", 403)
    for _ in range(2):
        ask([server.url_for("/private")], tmp_path / "links.json", QUICK)
    assert len(server.log) == 4


@pytest.mark.parametrize("junk", ["", "{", "[1]", '{"http://127.0.0.1/": 7}', '{"a": {"asked": "yesterday"}}', "\udcff"])
def test_a_broken_memory_is_as_none(server, tmp_path, junk):
    server.expect_request("/page").respond_with_data("")
    cache = tmp_path / "links.json"
    cache.write_text(junk, "utf-8", "surrogateescape")
    assert ask([server.url_for("/page")], cache, QUICK) == {server.url_for("/page"): Answer()}


def test_a_host_is_asked_two_things_at_once_at_most_and_after_a_pause(server):
    here, most, starts, lock = [], [], [], threading.Lock()

    def slow(request: Request) -> Response:
        with lock:
            starts.append(time.monotonic())
            here.append(1)
            most.append(len(here))
        time.sleep(0.15)
        with lock:
            here.pop()
        return Response("")

    server.expect_request("/page").respond_with_handler(slow)
    ask([server.url_for(f"/page?{n}") for n in range(8)], manners=Manners(pause=0.05))
    starts.sort()
    assert max(most) == 2
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.03


def test_no_password_is_sent(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login reader password secret\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    server.expect_request("/page").respond_with_data("")
    one(server, "/page")
    assert "Authorization" not in server.log[0][0].headers


@pytest.fixture
def asked(monkeypatch):
    """What the check would have asked: `ask` is replaced by a list, and answers as `answers` says."""
    calls, answers = [], {}

    def instead(addresses, cache):
        calls.extend(addresses)
        return {address: answers.get(address, Answer()) for address in addresses}

    monkeypatch.setattr(online, "ask", instead)
    return calls, answers


def guide(tmp_path, english: str, chinese: str = "") -> Tree:
    """A tree with a page in each language."""
    for lang, text in (("en", english), ("zh", chinese)):
        (tmp_path / "docs" / lang).mkdir(parents=True)
        (tmp_path / "docs" / lang / "index.md").write_text(text, "utf-8")
    return Tree(tmp_path)


def test_nothing_is_asked_without_online(tmp_path, asked):
    tree = guide(tmp_path, "[x](https://example.org/)\n")
    assert run(tree, ["external_link_answers"]) == []
    assert asked[0] == []


def test_the_dead_and_the_malformed_are_not_asked(tmp_path, asked):
    tree = guide(
        tmp_path, "[x](https://coreos.com/releases/) [y](https://github.com/coreos/rkt) [z](https://nowhere) [w](https://example.org/)\n"
    )
    tree.online = True
    assert run(tree, ["external_link_answers"]) == []
    assert asked[0] == ["https://example.org/"]


def test_a_finding_stands_at_the_address_in_each_language(tmp_path, asked):
    tree = guide(tmp_path, "# T\n\nSee [x](https://example.org/a).\n", "# 标题\n\n见[例子](https://example.org/a)。\n")
    tree.online = True
    asked[1]["https://example.org/a"] = Answer("answers 404")
    found = [f"{finding.place}: {finding.message}" for finding in run(tree, ["external_link_answers"])]
    assert found == ["docs/en/index.md:3:9: answers 404", "docs/zh/index.md:3:7: answers 404"]


def test_what_could_not_be_judged_is_not_run(tmp_path, asked):
    tree = guide(tmp_path, "[x](https://example.org/)\n")
    tree.online = True
    asked[1]["https://example.org/"] = Answer(unjudged="the host answers 403 to a program; look at it in a browser")
    assert run(tree, ["external_link_answers"]) == []
    assert tree.not_run == ["https://example.org/ (docs/en/index.md:1:5): the host answers 403 to a program; look at it in a browser"]


def test_two_runs_at_once_do_not_spoil_the_memory(server, tmp_path):
    server.expect_request("/page").respond_with_data("")
    cache, address = tmp_path / "links.json", server.url_for("/page")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ask([address], cache, QUICK), range(8)))
    assert address in json.loads(cache.read_text("utf-8"))
