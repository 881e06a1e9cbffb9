//! `$context` and `$stageVariables`.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"API Gateway guide, "Variables for data transformations", "$context variables""#,
        cases: &[
            ("$context.requestId $context.stage", "r-1 prod"),
            ("${context.stage}-x $!context.stage $context['stage'] $context.get('stage')", "prod-x prod prod prod"),
            ("$context.identity.sourceIp|$context.identity.userAgent|$context.identity.nothing|", "10.0.0.1|||"),
            (
                "$context.authorizer.principalId $context.authorizer.claims.scope $context.authorizer.claims['client_id']",
                "p a/b c/d c1",
            ),
            ("#foreach($s in $context.authorizer.claims.scope.split(' '))<$s>#end", "<a/b><c/d>"),
            ("#if($context.authorizer.claims.scope.contains('a/b'))may#end", "may"),
            ("$context.nosuch|$context.nosuch.deeper|", "||"),
            (r#"#set($s = "stage=$context.stage")$s"#, "stage=prod"),
            ("#set($context.own = 'v')$context.own", "v"),
            ("#if($context.stage == 'prod')live#{else}test#end", "live"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"API Gateway guide, "Variables for data transformations", "$stageVariables""#,
        cases: &[
            (
                "$stageVariables.colour ${stageVariables.colour}! $stageVariables['colour'] $stageVariables.get('colour')",
                "blue blue! blue blue",
            ),
            ("$stageVariables.none|$!stageVariables.none|$stageVariables.none.length()|", "|||"),
            (r#"#set($url = "https://${stageVariables.colour}.example")$url"#, "https://blue.example"),
            ("#foreach($k in $stageVariables.keySet())$k=$stageVariables.get($k)#end", "colour=blue"),
            ("#if($stageVariables.colour == 'blue')b#elseif($stageVariables.colour == 'green')g#end", "b"),
        ],
        ..Group::OF_EXAMPLE
    },
];
