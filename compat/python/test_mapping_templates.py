"""Mapping templates as people write them, run by the gate behind mock integrations."""

import pytest
import requests
from apis import Api

OK = '{"statusCode": 200}'

# What the response template is, and what the client reads. Requests are `POST /case-N/Ada?since=2026&tag=x` with
# `X-Station: north` and the body below.
BODY = '{"name": "Ada", "winds": [90, 120], "at": {"lat": 1.5}, "quote": "it\'s"}'
RESPONSES = [
    ("literal text", "calm", "calm"),
    ("a path parameter", "$input.params('name')", "Ada"),
    ("a query parameter", "$input.params('since')", "2026"),
    ("a header", "$input.params('X-Station')", "north"),
    ("a parameter that is missing", "[$input.params('nothing')]", "[]"),
    ("all parameters", "$input.params().path.name/$input.params().querystring.tag", "Ada/x"),
    ("context", "$context.stage $context.httpMethod $context.protocol", "live POST HTTP/1.1"),
    ("a set variable", '#set($wind = 3)\n#set($double = $wind * 2)\n$double', "6"),
    ("a condition", "#if($input.params('since') == '2026')now#elseif(true)then#{else}never#end", "now"),
    ("a loop", "#foreach($i in [1, 2, 3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
    ("a range", "#foreach($i in [1..3])$foreach.index#end", "012"),
    ("a map", '#set($m = {"a": 1})\n#set($m.b = 2)\n$m.get("a")$m.b$m.size()', "122"),
    ("a quiet reference to nothing", "[$!nothing]", "[]"),
    ("string methods", "#set($s = 'a-b-c')\n$s.split('-').size() $s.replaceAll('-', '+') $s.length()", "3 a+b+c 5"),
    ("escapes", '$util.escapeJavaScript("a\'b")', "a\\'b"),
    ("URL encoding", '$util.urlEncode("a b&c") $util.urlDecode("a+b%26c")', "a+b%26c a b&c"),
    ("base 64", '$util.base64Encode("storm") $util.base64Decode("c3Rvcm0=")', "c3Rvcm0= storm"),
    ("comments", "a## rest of the line\nb#* block *#c", "abc"),
    ("unparsed text", "#[[$kept #if]]#", "$kept #if"),
]


@pytest.fixture(scope="module")
def built(server):
    api = Api.empty(server)
    for number, (_, template, _) in enumerate(RESPONSES):
        api.mock(api.resource("{name}", api.resource(f"case-{number}")), OK, template, verb="POST")
    api.deploy()
    return api


@pytest.mark.parametrize("number", range(len(RESPONSES)), ids=[case[0] for case in RESPONSES])
@pytest.mark.proves("gate", "MOCK with mapping templates", "requests")
def test_renders(built, number):
    url = f"{built.url}/case-{number}/Ada?since=2026&tag=x"
    answer = requests.post(url, data=BODY, headers={"X-Station": "north", "Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (200, RESPONSES[number][2])


# What the request template is, and the status the client sees.
REQUESTS = [
    ('{"statusCode": 200}', 200),
    ("{ 'statusCode': 200 }", 200),
    ("{statusCode: 200}", 200),
    ('{"statusCode": "200"}', 500),
    ("nothing", 500),
    ('#if($input.params("since") == "2026"){"statusCode": 200}#end', 200),
]


@pytest.mark.parametrize(("template", "status"), REQUESTS, ids=range(len(REQUESTS)))
@pytest.mark.proves("gate", "MOCK with mapping templates", "requests")
def test_the_request_template_names_the_status(server, template, status):
    api = Api.empty(server)
    api.mock(api.root, template, "done")
    api.deploy()
    answer = requests.get(f"{api.url}?since=2026")
    expected = "done" if status == 200 else '{"message": "Internal server error"}'
    assert (answer.status_code, answer.text) == (status, expected)


def test_response_headers_and_status_can_be_overridden(server):
    api = Api.empty(server)
    response = '#set($context.responseOverride.status = 202)#set($context.responseOverride.header.X-Kind = "gale")ok'
    api.mock(api.root, OK, response, headers={"X-Kind": "'breeze'", "X-Stage": "context.stage"})
    api.deploy()
    answer = requests.get(api.url)
    assert (answer.status_code, answer.text) == (202, "ok")
    assert (answer.headers["X-Kind"], answer.headers["X-Stage"]) == ("gale", "live")


def test_the_body_reaches_the_request_template(server):
    api = Api.empty(server)
    request = """#set($context.requestOverride.header.name = $input.path('$.name'))
#set($context.requestOverride.header.winds = $input.json('$.winds'))
{"statusCode": 200}"""
    response = "$context.requestOverride.header.name $context.requestOverride.header.winds"
    api.mock(api.root, request, response, verb="POST")
    api.deploy()
    answer = requests.post(api.url, data=BODY, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (200, "Ada [90,120]")


def test_an_unmapped_content_type_is_refused_when_passthrough_is_never(server):
    api = Api.empty(server)
    templates = {"application/json": OK}
    api.method(api.root, "POST", {"type": "MOCK", "requestTemplates": templates, "passthroughBehavior": "NEVER"})
    api.deploy()
    answer = requests.post(api.url, data="<a/>", headers={"Content-Type": "application/xml"})
    assert (answer.status_code, answer.text) == (415, '{"message": "Unsupported Media Type"}')
