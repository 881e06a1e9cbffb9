//! Whole templates, as APIs have them.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"API Gateway console, "Method request passthrough""#,
        body: r#"{"a": 1}"#,
        cases: &[(
            r#"## All that came with the request, and what the gateway knows of it
#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user" : "$context.identity.user",
    "request-id" : "$context.requestId"
    }
}
"#,
            r#"{
"body-json" : {"a":1},
"params" : {
"path" : {
        "id" : "42"
        ,        "both" : "path"
            }
    ,"querystring" : {
        "page" : "2"
        ,        "both" : "query"
        ,        "q" : "a b"
            }
    ,"header" : {
        "X-Thing" : "h"
        ,        "both" : "header"
        ,        "Accept" : "text\/html"
            }
    },
"stage-variables" : {
"colour" : "blue"
    },
"context" : {
    "stage" : "prod",
    "source-ip" : "10.0.0.1",
    "user" : "",
    "request-id" : "r-1"
    }
}
"#,
        )],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "templates of the kind that APIs deploy",
        body: r#"{"photos": {"page": 1, "photo": [{"id": "12", "title": "Sample", "ispublic": 1}, {"id": "23", "title": "More", "ispublic": 0}]}}"#,
        cases: &[(
            r#"#set($inputRoot = $input.path('$'))
{
  "photos": [
#foreach($elem in $inputRoot.photos.photo)
    {
      "id": "$elem.id",
      "title": "$elem.title",
      "ispublic": $elem.ispublic
    }#if($foreach.hasNext),#end

#end
  ]
}"#,
            r#"{
  "photos": [
    {
      "id": "12",
      "title": "Sample",
      "ispublic": 1
    },
    {
      "id": "23",
      "title": "More",
      "ispublic": 0
    }
  ]
}"#,
        )],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "templates of the kind that APIs deploy",
        body: "grant_type=client_credentials&scope=a%2Fb",
        cases: &[
            (
                r##"#set($raw = $input.body)
#set($pairs = $raw.split('&'))
{
#foreach($pair in $pairs)
#set($kv = $pair.split('='))
"$util.urlDecode($kv[0])": "$util.urlDecode($kv[1])"#if($foreach.hasNext),#end

#end
}"##,
                r#"{
"grant_type": "client_credentials",
"scope": "a/b"
}"#,
            ),
            (
                "Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
                "Action=SendMessage&MessageBody=grant_type%3Dclient_credentials%26scope%3Da%252Fb",
            ),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "templates of the kind that APIs deploy",
        cases: &[
            (
                r##"{
  "TableName": "storms",
  "Item": {
    "id": {"S": "$context.requestId"},
    "name": {"S": "$input.path('$.name')"},
    "age": {"N": "$input.path('$.age')"},
    "tags": {"SS": [#foreach($t in $input.path('$.tags'))"$t"#if($foreach.hasNext), #end#end]}
  }
}"##,
                r#"{
  "TableName": "storms",
  "Item": {
    "id": {"S": "r-1"},
    "name": {"S": "Ada"},
    "age": {"N": "36"},
    "tags": {"SS": ["x", "y"]}
  }
}"#,
            ),
            (
                r#"#if($input.path('$.errorMessage') != '')
#set($context.responseOverride.status = 500)
{"error": $input.json('$.errorMessage')}
#else
$input.json('$')
#end"#,
                "{\"name\":\"Ada\",\"age\":36,\"score\":1.5,\"admin\":true,\"banned\":false,\"nothing\":null,\"empty\":\"\",\"tags\":[\"x\",\"y\"],\"address\":{\"city\":\"London\",\"lines\":[{\"no\":1},{\"no\":2}]},\"quote\":\"it's \\\"so\\\"\",\"list\":[3,1,2],\"nested\":[[1,2],[3]]}\n",
            ),
            (
                r#"#set($scopes = $context.authorizer.claims.scope.split(' '))
#set($allowed = false)
#foreach($scope in $scopes)
  #if($scope == 'c/d')
    #set($allowed = true)
    #break
  #end
#end
{"statusCode": #if($allowed)200#{else}403#end}"#,
                r#"        {"statusCode": 200}"#,
            ),
            (
                r#"#set($limit = 10)
#if($input.params('page') != '')
  #set($page = $limit.parseInt($input.params('page')))
#else
  #set($page = 1)
#end
#set($offset = ($page - 1) * $limit)
{"limit": $limit, "offset": $offset}"#,
                r#"{"limit": 10, "offset": 10}"#,
            ),
            (
                r##"{
  #foreach($header in $input.params().header.keySet())
  "$header.toLowerCase()": "$util.escapeJavaScript($input.params().header.get($header))"#if($foreach.hasNext),#end

  #end
}"##,
                r#"{
    "x-thing": "h",
    "both": "header",
    "accept": "text\/html"
  }"#,
            ),
            (
                r#"#define($error)
{"message": "$message", "stage": "$context.stage"}
#end
#set($message = 'no such storm')
$error"#,
                "{\"message\": \"no such storm\", \"stage\": \"prod\"}\n",
            ),
            (
                r#"#set($total = 0)
#set($largest = $input.path('$.list[0]'))
#foreach($n in $input.path('$.list'))
#set($total = $total + $n)
#if($n > $largest)#set($largest = $n)#end
#end
{"sum": $total, "largest": $largest, "mean": #set($mean = $total / $input.path('$.list').size())$mean}"#,
                r#"{"sum": 6, "largest": 3, "mean": 2}"#,
            ),
            (
                "#set($m = {})\n#foreach($tag in $input.path('$.tags'))\n#set($ok = $m.put($tag, $foreach.index))\n#end\n#foreach($e in $m.entrySet())\n$e.key=$e.value\n#end",
                "x=0\ny=1\n",
            ),
            (
                r#"#* the integration
   expects XML *#
<person admin="$input.path('$.admin')">
  <name>$input.path('$.name').replaceAll('&', '&amp;').replaceAll('<', '&lt;')</name>
#if($input.path('$.address'))
  <city>$input.path('$.address.city')</city>
#end
</person>"#,
                r#"
<person admin="true">
  <name>Ada</name>
  <city>London</city>
</person>"#,
            ),
            (
                r#"{"statusCode": #if($input.params('id') == '42')200#elseif($input.params('id') == '43')404#{else}400#end}"#,
                r#"{"statusCode": 200}"#,
            ),
            (r#"#set($q = '"')#set($d = '$'){${q}price${q}: ${q}${d}5${q}}"#, r#"{"price": "$5"}"#),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: "templates of the kind that APIs deploy",
        body: r#"{"Count": 2, "Items": [{"id": {"S": "a1"}, "count": {"N": "3"}, "labels": {"L": [{"S": "x"}, {"S": "y"}]}}, {"id": {"S": "b2"}, "count": {"N": "0"}, "labels": {"L": []}}]}"#,
        cases: &[
            (
                r##"#set($inputRoot = $input.path('$'))
[
#foreach($item in $inputRoot.Items)
  {
    "id": "$item.id.S",
    "count": $item.count.N,
    "labels": [#foreach($l in $item.labels.L)"$l.S"#if($foreach.hasNext),#end#end]
  }#if($foreach.hasNext),#end

#end
]"##,
                r#"[
  {
    "id": "a1",
    "count": 3,
    "labels": ["x","y"]
  },
  {
    "id": "b2",
    "count": 0,
    "labels": []
  }
]"#,
            ),
            (
                r#"{"count": $input.path('$.Count'), "ids": $input.json('$.Items[*].id.S'), "more": #if($input.path('$.LastEvaluatedKey') != '')true#{else}false#end}"#,
                r#"{"count": 2, "ids": ["a1","b2"], "more": false}"#,
            ),
        ],
        ..Group::OF_EXAMPLE
    },
];
