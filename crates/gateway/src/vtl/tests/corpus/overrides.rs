//! `$context.requestOverride` and `$context.responseOverride`.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r#"API Gateway guide, "Override your API's request and response parameters and status codes""#,
    cases: &[
        ("#set($context.requestOverride.header.X-A = 'v')$context.requestOverride.header.X-A", "v"),
        (
            r#"#set($context.requestOverride.header['X-A'] = "${context.stage}-v")$context.requestOverride.header"#,
            "{X-A=prod-v}",
        ),
        ("#set($n = 'q')#set($context.requestOverride.querystring[$n] = 1)$context.requestOverride.querystring.q", "1"),
        ("#set($context.requestOverride.path.id = $input.params('id'))$context.requestOverride.path", "{id=42}"),
        ("#set($context.responseOverride.status = 404)$context.responseOverride.status", "404"),
        ("$!context.requestOverride.header.put('a', 'b')$context.requestOverride.header.a", "b"),
        ("#set($context.responseOverride.mine = {'k': [1]})$context.responseOverride.mine.k[0]", "1"),
        (
            "#set($h = $context.responseOverride.header)#set($h.X-B = 'w')$context.responseOverride.header.get('X-B')",
            "w",
        ),
        ("#set($context.requestOverride.header.multi = ['a', 'b'])$context.requestOverride.header.multi.size()", "2"),
        ("#if($input.params('page') == '2')#set($context.responseOverride.status = 202)#end", ""),
    ],
    ..Group::OF_EXAMPLE
}];
