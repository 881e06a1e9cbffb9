//! The table of cases: every row of the map of addresses, and every pair of rows that could both match.

use std::collections::BTreeSet;

use http::{Request, Version, request};

use super::*;

const SIGNED_STS: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sts/aws4_request, \
                          SignedHeaders=host, Signature=00";
const SIGNED_S3: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/s3/aws4_request, \
                         SignedHeaders=host, Signature=00";
const TARGET_SSM: &str = "X-Amz-Target: AmazonSSM.GetParameter";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";

const PREFLIGHT: [&str; 3] = [
    "Origin: https://app.example",
    "Access-Control-Request-Method: POST",
    "Access-Control-Request-Headers: content-type, X-Amz-Target,x-amz-user-agent",
];

/// One case: the rows that match, the request, further headers, and where it goes.
type Case = (&'static [u8], &'static str, &'static [&'static str], &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Row 1: the proxy.
    (&[1], "CONNECT sts.amazonaws.com:443", &[], "tunnel here"),
    (&[1], "CONNECT p.auth.us-east-1.amazoncognito.com:443", &[], "tunnel here"),
    (&[1], "CONNECT gateway.m2m.example.com:443", &[], "tunnel here"),
    (&[1], "CONNECT a1.execute-api.localhost:4566", &[], "tunnel here"),
    (&[1], "CONNECT app.localhost:3000", &[], "tunnel elsewhere"),
    (&[1], "CONNECT localhost:4566", &[], "tunnel elsewhere"),
    (&[1], "CONNECT amazonaws.com.example.org:443", &[], "tunnel elsewhere"),
    (&[1], "CONNECT github.com:443", &[], "tunnel elsewhere"),
    (&[1], "GET http://example.org/x", &[], "forward"),
    (&[1], "GET http://localhost:3000/", &[], "forward"),
    (&[1, 2], "CONNECT api.example.com:443", &[], "tunnel here"),
    (&[1, 2], "GET http://api.example.com/x", &[], "custom domain"),
    (&[1, 3], "CONNECT a1.execute-api.us-east-1.amazonaws.com:443", &[], "tunnel here"),
    (&[1, 3], "GET http://a1.execute-api.us-east-1.amazonaws.com/dev", &[], "api a1 us-east-1 /dev"),
    (&[1, 3], "GET http://a1.execute-api.foreign.example/dev", &[], "forward"),
    (&[1, 4], "POST https://p.auth.us-east-1.amazoncognito.com/oauth2/token", &[], "domain p us-east-1"),
    (&[1, 5], "POST http://cognito-idp.us-east-1.amazonaws.com/", &[], "service cognito-idp us-east-1"),
    (&[1, 6], "POST http://sts.amazonaws.com/", &[], "service sts -"),
    (&[1, 6], "GET http://b.s3.foreign.example/key", &[], "forward"),
    (&[1, 7], "GET http://example.org/_claviger/health", &[], "forward"),
    (&[1, 7], "GET http://127.0.0.1:4566/_claviger/health", &[], "own /_claviger/health"),
    (&[1, 8], "GET http://example.org/", &[SIGNED_S3], "forward"),
    (&[1, 9], "POST http://example.org/", &[TARGET_SSM], "forward"),
    (&[1, 10], "POST http://example.org/", &[FORM], "forward"),
    (&[1, 11], "POST http://example.org/oauth2/token", &[], "forward"),
    (&[1, 12], "GET http://example.org/restapis", &[], "forward"),
    (&[1, 13], "GET http://example.org/", &[], "forward"),
    (&[1, 13], "GET http://localhost:4566/", &[], "page"),

    // Row 2: registered custom domains.
    (&[2], "GET api.example.com /v1/pets", &[], "custom domain"),
    (&[2], "GET API.Example.com.:443 /v1/pets", &[], "custom domain"),
    (&[2], "GET shop.apps.example.com /v1/pets", &[], "custom domain"),
    (&[2, 3], "GET a1.execute-api.example.org /dev", &[], "custom domain"),
    (&[2, 6], "GET b.s3.example.org /key", &[], "custom domain"),
    (&[2, 7], "GET api.example.com /_claviger/health", &[], "custom domain"),
    (&[2, 8], "GET api.example.com /pets", &[SIGNED_STS], "custom domain"),
    (&[2, 9], "POST api.example.com /", &[TARGET_SSM], "custom domain"),
    (&[2, 10], "POST api.example.com /", &[FORM], "custom domain"),
    (&[2, 11], "POST api.example.com /oauth2/token", &[], "custom domain"),
    (&[2, 12], "GET api.example.com /restapis", &[], "custom domain"),
    (&[2, 13], "GET api.example.com /", &[], "custom domain"),

    // Row 3: an API's host.
    (&[3], "GET a1.execute-api.us-east-1.amazonaws.com /dev/pets", &[], "api a1 us-east-1 /dev/pets"),
    (&[3], "GET a1.execute-api.localhost.localstack.cloud:4566 /", &[], "api a1 - /"),
    (&[3], "GET d-1a2b3c4d5e.execute-api.us-east-1.amazonaws.com /v1/pets", &[], "api d-1a2b3c4d5e us-east-1 /v1/pets"),
    (&[3], "OPTIONS a1.execute-api.localhost /dev/a%2Fb//c?q=1", &[], "api a1 - /dev/a%2Fb//c"),
    (&[3, 6], "GET my.execute-api.s3.amazonaws.com /key", &[], "api my - /key"),
    (&[3, 6], "GET a1.execute-api.localhost /key", &[], "api a1 - /key"),
    (&[3, 7], "GET a1.execute-api.localhost /_claviger/health", &[], "api a1 - /_claviger/health"),
    (&[3, 7], "GET a1.execute-api.localhost /restapis/b/s/_user_request_", &[], "api a1 - /restapis/b/s/_user_request_"),
    (&[3, 8], "GET a1.execute-api.localhost /dev", &[SIGNED_STS], "api a1 - /dev"),
    (&[3, 9], "POST a1.execute-api.localhost /dev", &[TARGET_SSM], "api a1 - /dev"),
    (&[3, 10], "POST a1.execute-api.localhost /", &[FORM], "api a1 - /"),
    (&[3, 11], "POST a1.execute-api.localhost /oauth2/token", &[], "api a1 - /oauth2/token"),
    (&[3, 12], "GET a1.execute-api.localhost /restapis", &[], "api a1 - /restapis"),
    (&[3, 13], "GET a1.execute-api.localhost /", &[], "api a1 - /"),

    // Row 4: a pool's domain.
    (&[4], "POST p.auth.eu-west-1.amazoncognito.com /oauth2/token", &[], "domain p eu-west-1"),
    (&[4], "GET p.auth.eu-west-1.localhost:4566 /login?client_id=x", &[], "domain p eu-west-1"),
    (&[4], "GET p.auth.eu-west-1.m2m.example.com /logout", &[], "domain p eu-west-1"),
    (&[4], "GET p.auth.eu-west-1.amazoncognito.com /signup", &[], "domain p eu-west-1"),
    (&[4], "POST p.auth.eu-west-1.amazoncognito.com /saml2/idpresponse", &[], "domain p eu-west-1"),
    (&[4], "POST p.auth.eu-west-1.amazoncognito.com /oauth2/register", &[], "domain p eu-west-1"),
    (&[4], "OPTIONS p.auth.eu-west-1.amazoncognito.com /oauth2/token", &[], "domain p eu-west-1"),
    (&[4], "OPTIONS p.auth.eu-west-1.amazoncognito.com /", &PREFLIGHT, "not found"),
    (&[4], "GET p.auth.eu-west-1.amazoncognito.com /oauth2", &[], "not found"),
    (&[4], "GET p.auth.eu-west-1.amazoncognito.com /.well-known/jwks.json", &[], "not found"),
    (&[4, 6], "POST p.auth.eu-west-1.localhost /oauth2/token", &[], "domain p eu-west-1"),
    (&[4, 7], "GET p.auth.eu-west-1.localhost /_claviger/health", &[], "not found"),
    (&[4, 8], "POST p.auth.eu-west-1.localhost /oauth2/token", &[SIGNED_S3], "domain p eu-west-1"),
    (&[4, 9], "POST p.auth.eu-west-1.localhost /", &[TARGET_SSM], "not found"),
    (&[4, 10], "POST p.auth.eu-west-1.localhost /", &[FORM], "not found"),
    (&[4, 11], "POST p.auth.eu-west-1.localhost /oauth2/token", &[], "domain p eu-west-1"),
    (&[4, 11], "GET p.auth.eu-west-1.localhost /eu-west-1_abc/.well-known/jwks.json", &[], "not found"),
    (&[4, 12], "GET p.auth.eu-west-1.localhost /restapis", &[], "not found"),
    (&[4, 13], "GET p.auth.eu-west-1.localhost /", &[], "not found"),

    // Row 5: the issuer's host.
    (&[5], "GET cognito-idp.eu-west-1.amazonaws.com /eu-west-1_abc/.well-known/jwks.json", &[], "well known eu-west-1_abc jwks.json eu-west-1"),
    (&[5], "HEAD cognito-idp.us-east-1.localhost /eu-west-1_abc/.well-known/jwks.json", &[], "well known eu-west-1_abc jwks.json us-east-1"),
    (&[5], "OPTIONS issuer-cognito-idp.eu-west-1.localhost /eu-west-1_abc/.well-known/jwks.json", &[], "well known eu-west-1_abc jwks.json eu-west-1"),
    (&[5], "POST cognito-idp.eu-west-1.amazonaws.com /eu-west-1_abc/.well-known/jwks.json", &[], "service cognito-idp eu-west-1"),
    (&[5], "OPTIONS cognito-idp.eu-west-1.amazonaws.com /", &PREFLIGHT, "preflight"),
    (&[5], "OPTIONS cognito-idp.eu-west-1.amazonaws.com /", &[], "service cognito-idp eu-west-1"),
    (&[5], "OPTIONS cognito-idp.eu-west-1.amazonaws.com /other", &PREFLIGHT, "foreign origin"),
    (&[5], "HEAD issuer-cognito-idp.eu-west-1.amazonaws.com /eu-west-1_abc/.well-known/openid-configuration", &[],
        "well known eu-west-1_abc openid-configuration eu-west-1"),
    (&[5], "POST cognito-idp.eu-west-1.amazonaws.com /", &[], "service cognito-idp eu-west-1"),
    (&[5], "POST cognito-idp.eu-west-1.amazonaws.com /eu-west-1_abc/.well-known/jwks.json", &[], "service cognito-idp eu-west-1"),
    (&[5, 6], "POST cognito-idp.eu-west-1.localhost /", &[], "service cognito-idp eu-west-1"),
    (&[5, 7], "GET cognito-idp.eu-west-1.localhost /_claviger/health", &[], "service cognito-idp eu-west-1"),
    (&[5, 8], "POST cognito-idp.eu-west-1.localhost /", &[SIGNED_STS], "service cognito-idp eu-west-1"),
    (&[5, 9], "POST cognito-idp.eu-west-1.localhost /", &[TARGET_SSM], "service cognito-idp eu-west-1"),
    (&[5, 10], "POST cognito-idp.eu-west-1.localhost /", &[FORM], "service cognito-idp eu-west-1"),
    (&[5, 11], "POST cognito-idp.eu-west-1.localhost /oauth2/token", &[], "service cognito-idp eu-west-1"),
    (&[5, 12], "GET cognito-idp.eu-west-1.localhost /restapis", &[], "service cognito-idp eu-west-1"),
    (&[5, 13], "GET cognito-idp.eu-west-1.localhost /", &[], "service cognito-idp eu-west-1"),

    // Row 6: other services' hosts, and buckets.
    (&[6], "POST sts.amazonaws.com /", &[], "service sts -"),
    (&[6], "POST api.ecr.eu-west-1.amazonaws.com /", &[], "service ecr eu-west-1"),
    (&[6], "POST dynamodb.eu-west-1.amazonaws.com /", &[], "service dynamodb eu-west-1"),
    (&[6], "GET amazonaws.com /", &[], "not found"),
    (&[6], "GET b.s3.eu-west-1.amazonaws.com /key", &[], "s3 b eu-west-1"),
    (&[6], "GET b.s3.claviger.internal /key", &[], "s3 b -"),
    (&[6], "PUT cdk-assets.localhost:4566 /key", &[], "s3 cdk-assets -"),
    (&[6, 7], "GET b.localhost /_claviger/health", &[], "s3 b -"),
    (&[6, 7], "GET apigateway.eu-west-1.amazonaws.com /restapis/a/s/_user_request_", &[], "service apigateway eu-west-1"),
    (&[6, 8], "GET b.localhost /key", &[SIGNED_STS], "s3 b -"),
    (&[6, 9], "POST sts.amazonaws.com /", &[TARGET_SSM], "service sts -"),
    (&[6, 10], "POST sts.amazonaws.com /", &[FORM], "service sts -"),
    (&[6, 11], "GET b.localhost /oauth2/token", &[], "s3 b -"),
    (&[6, 12], "GET lambda.eu-west-1.amazonaws.com /restapis", &[], "service lambda eu-west-1"),
    (&[6, 13], "GET b.localhost /", &[], "s3 b -"),

    // Row 7: our own paths, and the path forms of an API.
    (&[7], "GET 127.0.0.1:4566 /_claviger/health", &[], "own /_claviger/health"),
    (&[7], "GET [::1]:4566 /_claviger", &[], "own /_claviger"),
    (&[7], "GET 127.0.0.1 /_aws/execute-api/a1/dev/pets", &[], "api a1 - /dev/pets"),
    (&[7], "GET 127.0.0.1 /_aws/execute-api/a1", &[], "api a1 - /"),
    (&[7], "GET 127.0.0.1 /restapis/a1/dev/_user_request_/pets/", &[], "api a1 - /dev/pets/"),
    (&[7], "GET 127.0.0.1 /restapis/a1/dev/_user_request_", &[], "api a1 - /dev/"),
    (&[7], "GET somewhere.example /_claviger/health", &[], "own /_claviger/health"),
    (&[7, 8], "GET 127.0.0.1 /_claviger/health", &[SIGNED_S3], "own /_claviger/health"),
    (&[7, 8], "GET 127.0.0.1 /restapis/a1/dev/_user_request_/pets", &[SIGNED_STS], "api a1 - /dev/pets"),
    (&[7, 9], "POST 127.0.0.1 /_aws/execute-api/a1/dev", &[TARGET_SSM], "api a1 - /dev"),
    (&[7, 11], "GET 127.0.0.1 /_claviger/.well-known/jwks.json", &[], "own /_claviger/.well-known/jwks.json"),
    (&[7, 12], "GET 127.0.0.1 /restapis/a1/dev/_user_request_/pets", &[], "api a1 - /dev/pets"),
    (&[7, 13], "GET 127.0.0.1 /_claviger/unknown", &[], "own /_claviger/unknown"),

    // The part of row 7 that goes before every host.
    (&[7], "GET 127.0.0.1:4566 /_claviger/authorize/weather", &[], "authorize weather ()"),
    (&[7], "PROPFIND 127.0.0.1 /_claviger/authorize/weather/", &[], "authorize weather (/)"),
    (&[7], "GET 127.0.0.1 /_claviger/authorize/weather/a%2Fb//c/../d?policy=x", &[], "authorize weather (/a%2Fb//c/../d)"),
    (&[7], "GET 127.0.0.1 /_claviger/authorize/", &[], "authorize  ()"),
    (&[7], "GET 127.0.0.1 /_claviger/authorize", &[], "own /_claviger/authorize"),
    (&[7], "GET 127.0.0.1 /_claviger//authorize/weather", &[], "own /_claviger//authorize/weather"),
    (&[7], "GET 127.0.0.1 /_claviger/%61uthorize/weather", &[], "own /_claviger/%61uthorize/weather"),
    (&[2, 7], "GET api.example.com /_claviger/authorize/weather/x", &[], "authorize weather (/x)"),
    (&[3, 7], "GET a1.execute-api.us-east-1.amazonaws.com /_claviger/authorize/weather/x", &[], "authorize weather (/x)"),
    (&[4, 7], "GET p.auth.eu-west-1.localhost /_claviger/authorize/weather", &[], "authorize weather ()"),
    (&[5, 7], "GET cognito-idp.eu-west-1.localhost /_claviger/authorize/weather", &[], "authorize weather ()"),
    (&[6, 7], "GET b.localhost /_claviger/authorize/weather/key", &[], "authorize weather (/key)"),
    (&[6, 7], "GET sts.amazonaws.com /_claviger/authorize/weather", &[], "authorize weather ()"),
    (&[7, 8], "GET 127.0.0.1 /_claviger/authorize/weather", &[SIGNED_S3], "authorize weather ()"),
    (&[7, 9], "POST 127.0.0.1 /_claviger/authorize/weather", &[TARGET_SSM], "authorize weather ()"),
    (&[7, 11], "GET 127.0.0.1 /_claviger/authorize/weather/oauth2/token", &[], "authorize weather (/oauth2/token)"),
    (&[7], "GET 127.0.0.1 /_claviger/authorize/weather/../../reset", &[], "authorize weather (/../../reset)"),
    (&[7], "GET evil.example /_claviger/authorize/weather", &["Origin: https://evil.example"], "authorize weather ()"),

    // Row 8: signatures.
    (&[8], "POST 127.0.0.1 /any/path", &[SIGNED_STS], "service sts eu-west-1"),
    (&[8], "GET 127.0.0.1 /bucket/key", &[SIGNED_S3], "s3 - eu-west-1"),
    (&[8], "GET 127.0.0.1 /b/k?X-Amz-Credential=test%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0", &[], "s3 - eu-west-1"),
    (&[8], "GET 127.0.0.1 /?Action=X&X-Amz-Credential=t%2F20260101%2Feu-west-1%2Fsts%2Faws4_request", &[], "service sts eu-west-1"),
    (&[8], "GET 127.0.0.1 /b/k?AWSAccessKeyId=test&Expires=1&Signature=x", &[], "s3 - -"),
    (&[8], "GET 127.0.0.1 /?AWSAccessKeyId=test&Action=X&Version=2010-05-08&Signature=x", &[], "service iam -"),
    (&[8], "GET 127.0.0.1 /b/k", &["Authorization: AWS test:signature"], "s3 - -"),
    (&[8, 9], "POST 127.0.0.1 /", &[SIGNED_STS, TARGET_SSM], "service sts eu-west-1"),
    (&[8, 10], "POST 127.0.0.1 /", &[SIGNED_STS, FORM], "service sts eu-west-1"),
    (&[8, 11], "POST 127.0.0.1 /oauth2/token", &[SIGNED_S3], "s3 - eu-west-1"),
    (&[8, 11], "GET 127.0.0.1 /eu-west-1_abc/.well-known/jwks.json", &[SIGNED_S3], "s3 - eu-west-1"),
    (&[8, 12], "GET 127.0.0.1 /restapis", &[SIGNED_S3], "s3 - eu-west-1"),
    (&[8, 13], "GET 127.0.0.1 /", &[SIGNED_S3], "s3 - eu-west-1"),

    // Row 9: X-Amz-Target.
    (&[9], "POST 127.0.0.1 /", &["X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth"], "service cognito-idp -"),
    (&[9], "POST 127.0.0.1 /", &["X-Amz-Target: Claviger.DescribeAppClientExtras"], "service claviger -"),
    (&[9], "POST 127.0.0.1 /", &["X-Amz-Target: Unheard_20200101.Of"], "service Unheard_20200101 -"),
    (&[9], "OPTIONS 127.0.0.1 /", &PREFLIGHT, "preflight"),
    (&[9], "OPTIONS evil.example /", &PREFLIGHT, "preflight"),
    (&[9, 10], "POST 127.0.0.1 /", &[TARGET_SSM, FORM], "service ssm -"),
    (&[9, 11], "POST 127.0.0.1 /oauth2/token", &[TARGET_SSM], "service ssm -"),
    (&[9, 12], "POST 127.0.0.1 /restapis", &[TARGET_SSM], "service ssm -"),
    (&[9, 13], "GET 127.0.0.1 /", &[TARGET_SSM], "service ssm -"),

    // Row 10: forms, whose body tells the rest.
    (&[10], "POST 127.0.0.1 /", &["Content-Type: Application/X-WWW-Form-Urlencoded"], "form"),
    (&[10, 13], "POST 127.0.0.1 /", &[FORM], "form"),
    (&[13], "POST 127.0.0.1 /", &["Content-Type: application/json"], "not found"),

    // Row 11: OAuth and discovery without a pool's host.
    (&[11], "POST 127.0.0.1 /oauth2/token", &["Authorization: Basic YTpi"], "oauth"),
    (&[11], "GET claviger:4566 /login", &[], "oauth"),
    (&[11], "GET 127.0.0.1 /logout", &[], "oauth"),
    (&[11], "GET 127.0.0.1 /eu-west-1_abc/.well-known/jwks.json", &[], "well known eu-west-1_abc jwks.json -"),
    (&[11], "OPTIONS 127.0.0.1 /eu-west-1_abc/.well-known/jwks.json", &[], "well known eu-west-1_abc jwks.json -"),
    (&[11], "POST 127.0.0.1 /eu-west-1_abc/.well-known/jwks.json", &[], "service cognito-idp -"),
    (&[11, 13], "GET 127.0.0.1 /oauth2/unknown", &[], "oauth"),
    (&[13], "GET 127.0.0.1 /signup", &[], "not found"),
    (&[13], "GET 127.0.0.1 /pool/.well-known/jwks.json", &[], "not found"),
    (&[13], "GET 127.0.0.1 /.well-known/jwks.json", &[], "not found"),

    // Row 12: unsigned REST control planes.
    (&[12], "GET 127.0.0.1 /restapis", &[], "service apigateway -"),
    (&[12], "GET 127.0.0.1 /restapis/a1/resources", &["Authorization: Bearer x"], "service apigateway -"),
    (&[12], "GET 127.0.0.1 /v2/apis", &[], "service apigateway -"),
    (&[12], "GET 127.0.0.1 /2015-03-31/functions", &[], "service lambda -"),
    (&[12, 13], "POST 127.0.0.1 /restapis", &[], "service apigateway -"),
    (&[13], "GET 127.0.0.1 /v2/email", &[], "not found"),
    (&[13], "GET 127.0.0.1 /restapis2", &[], "not found"),

    // Row 13: everything else.
    (&[13], "GET 127.0.0.1 /", &[], "page"),
    (&[13], "HEAD localhost:4566 /?x", &[], "page"),
    (&[13], "GET 127.0.0.1 /nothing", &[], "not found"),
    (&[13], "OPTIONS 127.0.0.1 *", &[], "not found"),
];

/// Pairs that no request can match, and why.
#[rustfmt::skip]
const IMPOSSIBLE: &[(u8, u8, &str)] = &[
    (2, 4, "names under a suffix cannot be registered"),
    (2, 5, "names under a suffix cannot be registered"),
    (3, 4, "the second label is either execute-api or auth"),
    (3, 5, "the second label is either execute-api or a region"),
    (4, 5, "a pool's domain has three labels before the suffix, the issuer's host two"),
    (7, 10, "the path is either / or ours"),
    (10, 11, "the path is either / or of OAuth"),
    (10, 12, "the path is either / or of a control plane"),
    (11, 12, "no pool id and no OAuth path is the first segment of a control plane"),
];

#[test]
fn sends_every_case_where_it_belongs() {
    for (rows, request, headers, expected) in CASES {
        assert_eq!(routed(request, headers, Mode::DEV), *expected, "rows {rows:?}: {request} {headers:?}");
    }
}

#[test]
fn has_a_case_for_every_row_and_every_possible_pair() {
    let covered: BTreeSet<&[u8]> = CASES.iter().map(|(rows, ..)| *rows).collect();
    for first in 1..=13_u8 {
        assert!(covered.contains(&[first][..]), "no case for row {first}");
        for second in first + 1..=13 {
            let impossible = IMPOSSIBLE.iter().any(|(a, b, _)| (*a, *b) == (first, second));
            assert_ne!(covered.contains(&[first, second][..]), impossible, "rows {first} and {second}");
        }
    }
}

#[test]
fn refuses_the_proxy_to_strangers_and_outside_dev() {
    let check = |request: &str, expected: &str| {
        assert_eq!(routed(request, &[], Mode { proxy_allowed: false, ..Mode::DEV }), expected, "{request}");
        assert_eq!(routed(request, &[], Mode::SERVE), expected, "{request}");
    };
    check("CONNECT sts.amazonaws.com:443", "proxy refused");
    check("CONNECT example.org:443", "proxy refused");
    check("GET http://example.org/", "proxy refused");
    check("GET http://p.auth.eu-west-1.amazoncognito.com/login", "domain p eu-west-1");
}

#[test]
fn serves_unsigned_control_plane_paths_in_dev_only() {
    let check = |request: &str, expected: &str| assert_eq!(routed(request, &[], Mode::SERVE), expected, "{request}");
    check("GET 127.0.0.1 /restapis", "missing authentication token");
    check("GET 127.0.0.1 /2015-03-31/functions", "missing authentication token");
    check("GET 127.0.0.1 /restapis/a1/dev/_user_request_", "api a1 - /dev/");
    check("GET 127.0.0.1 /nothing", "not found");
}

#[test]
fn refuses_pages_of_other_origins_what_is_for_operators() {
    let check = |request: &str, headers: &[&str], expected: &str| {
        assert_eq!(routed(request, headers, Mode::DEV), expected, "{request} {headers:?}");
    };
    let refused = "foreign origin";
    check("GET 127.0.0.1:4566 /restapis", &["Origin: https://evil.example"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Origin: http://localhost:4566"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Origin: http://127.0.0.1:3000"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Origin: null"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Origin: chrome-extension://abc"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Sec-Fetch-Site: cross-site"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Sec-Fetch-Site: same-site"], refused);
    check("GET 127.0.0.1:4566 /restapis", &["Sec-Fetch-Site: same-origin"], "service apigateway -");
    check("GET 127.0.0.1:4566 /restapis", &["Sec-Fetch-Site: none"], "service apigateway -");
    check("GET 127.0.0.1:4566 /restapis", &["Origin: http://127.0.0.1:4566"], "service apigateway -");
    check("GET localhost /restapis", &["Origin: https://localhost"], "service apigateway -");
    check("POST 127.0.0.1:4566 /", &["Origin: https://evil.example", TARGET_SSM], refused);
    let ours = "X-Amz-Target: Claviger.UpdateAppClientExtras";
    check("POST 127.0.0.1:4566 /", &["Origin: https://evil.example", ours], refused);
    check("POST 127.0.0.1:4566 /", &["Origin: https://evil.example", SIGNED_STS], refused);
    check("POST 127.0.0.1:4566 /", &["Origin: https://evil.example", FORM], refused);
    check("GET b.localhost:4566 /key", &["Origin: https://evil.example"], refused);
    check("OPTIONS cognito-idp.eu-west-1.localhost /", &["Origin: https://evil.example"], refused);
    check("POST 127.0.0.1:4566 /_claviger/reset", &["Origin: https://evil.example"], refused);
    check("POST 127.0.0.1:4566 /_claviger/clock", &["Origin: https://evil.example"], refused);
    check("GET 127.0.0.1:4566 /_claviger/messages", &["Origin: https://evil.example"], refused);
    check("GET 127.0.0.1:4566 /_claviger/explain/1", &["Origin: https://evil.example"], refused);
    check("GET 127.0.0.1:4566 /_claviger/explain/1", &["Sec-Fetch-Site: cross-site"], refused);
    check("GET 127.0.0.1:4566 /_claviger/explain/1", &[], "own /_claviger/explain/1");
    check("GET 127.0.0.1:4566 /_claviger/health", &["Origin: https://evil.example"], "own /_claviger/health");
    check("POST 127.0.0.1:4566 /oauth2/token", &["Origin: https://app.example"], "oauth");
    check("GET a1.execute-api.localhost /dev", &["Origin: https://app.example"], "api a1 - /dev");
}

#[test]
fn lets_pages_of_other_origins_call_what_aws_leaves_unsigned() {
    let check = |request: &str, target: &str, headers: &[&str], expected: &str| {
        let target = format!("X-Amz-Target: {target}");
        let headers: Vec<&str> = headers.iter().copied().chain([&*target]).collect();
        assert_eq!(routed(request, &headers, Mode::DEV), expected, "{request} {headers:?}");
    };
    let cognito = |operation: &str| format!("AWSCognitoIdentityProviderService.{operation}");
    let page = ["Origin: https://app.example", "Sec-Fetch-Site: cross-site"];
    let (ours, host) = ("POST 127.0.0.1:4566 /", "POST cognito-idp.eu-west-1.amazonaws.com /");
    for operation in ["InitiateAuth", "RespondToAuthChallenge", "SignUp", "ConfirmSignUp", "GetUser", "RevokeToken"] {
        check(ours, &cognito(operation), &page, "service cognito-idp -");
        check(host, &cognito(operation), &page, "service cognito-idp eu-west-1");
    }
    let refused = "foreign origin";
    for operation in ["ListUserPools", "DescribeUserPoolClient", "AdminInitiateAuth", "GetClientToken", "Fly", ""] {
        check(ours, &cognito(operation), &page, refused);
        check(host, &cognito(operation), &page, refused);
    }
    // The operation's name opens nothing but itself.
    let initiate_auth = &cognito("InitiateAuth");
    check(ours, "AmazonSSM.InitiateAuth", &page, refused);
    check(ours, initiate_auth, &[page[0], SIGNED_STS], refused);
    check("POST 127.0.0.1:4566 /_claviger/reset", initiate_auth, &page, refused);
    check("GET 127.0.0.1:4566 /_claviger/explain/1", initiate_auth, &page, refused);
    check("POST b.s3.localhost /", initiate_auth, &page, refused);
    check("POST evil.example:4566 /", initiate_auth, &page, "foreign host");
}

#[test]
fn takes_for_a_preflight_only_what_a_browser_asks_before_a_call() {
    let check = |headers: &[&str], expected: &str| {
        assert_eq!(routed("OPTIONS 127.0.0.1 /", headers, Mode::DEV), expected, "{headers:?}");
    };
    let (post, names) = (PREFLIGHT[1], PREFLIGHT[2]);
    check(&[post, names], "preflight");
    check(&[post], "not found");
    check(&[names], "not found");
    check(&["Access-Control-Request-Method: DELETE", names], "not found");
    check(&[post, "Access-Control-Request-Headers: authorization,x-amz-targets"], "not found");
    assert_eq!(routed("OPTIONS 127.0.0.1 /other", &PREFLIGHT, Mode::DEV), "not found");
}

#[test]
fn refuses_the_control_plane_under_names_that_strangers_can_point_here() {
    let check =
        |request: &str, mode: Mode, expected: &str| assert_eq!(routed(request, &[], mode), expected, "{request}");
    check("GET evil.example:4566 /restapis", Mode::DEV, "foreign host");
    check("POST evil.example:4566 /_claviger/reset", Mode::DEV, "foreign host");
    check("GET evil.example:4566 /_claviger/explain/1", Mode::DEV, "foreign host");
    check("GET b.s3.evil.example:4566 /key", Mode::DEV, "foreign host");
    check("GET evil.example:4566 /_claviger/health", Mode::DEV, "own /_claviger/health");
    check("GET claviger:4566 /restapis", Mode::DEV, "service apigateway -");
    check("GET host.docker.internal:4566 /restapis", Mode::DEV, "service apigateway -");
    check("GET m2m.example.com /restapis", Mode::DEV, "service apigateway -");
    check("POST evil.example /_claviger/reset", Mode::SERVE, "own /_claviger/reset");
}

#[test]
fn refuses_hosts_that_differ_or_cannot_be_told() {
    let check = |request: &str, headers: &[&str], expected: BadHead| {
        let parts = parts(request, headers, Version::HTTP_11);
        assert_eq!(RequestHead::of(&parts).map(|_| ()), Err(expected), "{request} {headers:?}");
    };
    check("GET http://a.example/", &["Host: b.example"], BadHead::Conflict);
    check("CONNECT a.example:443", &["Host: b.example:443"], BadHead::Conflict);
    check("GET a.example /", &["Host: b.example"], BadHead::Repeated);
    check("GET a.example /", &["Host: a.example"], BadHead::Repeated);
    check("GET - /", &[], BadHead::Missing);
    check("GET a..example /", &[], BadHead::Malformed);
    check("GET a.example:99999 /", &[], BadHead::Malformed);
    check("CONNECT a.example", &[], BadHead::ConnectPort);
}

#[test]
fn accepts_hosts_that_agree() {
    let check = |request: &str, headers: &[&str], version: Version, expected: &str| {
        let parts = parts(request, headers, version);
        assert_eq!(RequestHead::of(&parts).map(|head| head.host().to_owned()), Ok(expected.to_owned()), "{request}");
    };
    check("GET http://A.example:80/", &["Host: a.example."], Version::HTTP_11, "a.example");
    check("GET https://a.example/", &["Host: a.example:4566"], Version::HTTP_2, "a.example");
    check("CONNECT a.example:443", &["Host: a.example:443"], Version::HTTP_11, "a.example");
    check("GET - /", &[], Version::HTTP_10, "");
    check("GET - /", &["Host: "], Version::HTTP_11, "");
}

#[test]
fn takes_only_http_1_targets_with_a_scheme_for_absolute_form() {
    let parts = parts("GET https://example.org/oauth2/token", &[], Version::HTTP_2);
    let head = RequestHead::of(&parts).unwrap();
    assert_eq!(shown(&route(&head, &Mode::DEV.names())), "oauth");
}

#[test]
fn an_address_answers_what_it_is_for() {
    let unsigned = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth";
    let signed = "X-Amz-Target: AWSCognitoIdentityProviderService.ListUserPools";
    let check = |request: &str, headers: &[&str], expected: [bool; 3]| {
        let planes = [Planes::DATA, Planes::CONTROL, Planes::OPERATIONS];
        let answered = planes.map(|planes| routed(request, headers, Mode { planes, ..Mode::SERVE }) != "elsewhere");
        assert_eq!(answered, expected, "{request} {headers:?}");
    };
    let (data, control, operations, all) =
        ([true, false, false], [false, true, false], [false, false, true], [true; 3]);
    check("POST a.example /oauth2/token", &[], data);
    check("GET a.example /_aws/execute-api/abc/prod", &[], data);
    check("GET a1.execute-api.us-east-1.amazonaws.com /prod", &[], data);
    check("POST p.auth.us-east-1.amazoncognito.com /oauth2/token", &[], data);
    check("GET api.example.com /v1/pets", &[], data);
    check("GET a.example /us-east-1_abcdefghi/.well-known/jwks.json", &[], data);
    check("GET a.example /_claviger/authorize/weather", &[], data);
    check("POST a.example /_claviger/introspect", &[], data);
    check("POST a.example /_claviger/revoke", &[], data);
    check("POST a.example /", &[unsigned], [true, true, false]);
    check("OPTIONS a.example /", &PREFLIGHT, [true, true, false]);
    check("POST a.example /", &[signed], control);
    check("POST a.example /", &[SIGNED_STS], control);
    check("GET a.example /bucket/key", &[SIGNED_S3], control);
    check("POST a.example /", &[FORM], control);
    check("GET a.example /_claviger/explain/1", &[], control);
    check("GET a.example /_claviger/metrics", &[], operations);
    check("GET a.example /_claviger/health", &[], all);
    check("GET a.example /_claviger/ready", &[], all);
    check("GET a.example /", &[], all);
    check("GET a.example /nothing", &[], all);
    check("GET a.example /restapis", &[], all);
}

#[test]
fn tells_the_service_of_a_form() {
    let check = |form: &str, expected: Option<&str>| assert_eq!(form_service(form.as_bytes()), expected, "{form}");
    check("Action=GetCallerIdentity&Version=2011-06-15", Some("sts"));
    check("Version=2010-05-15&Action=DescribeStacks", Some("cloudformation"));
    check("Action=GetRole&Version=2010%2D05%2D08", Some("iam"));
    check("Version=2011-06-15", None);
    check("Action=X", None);
    check("Action=X&Version=1999-01-01", None);
    check("", None);
    check("%ff=%zz&&=", None);
}

#[derive(Clone, Copy)]
struct Mode {
    dev: bool,
    proxy_allowed: bool,
    planes: Planes,
}

impl Mode {
    const DEV: Self = Self { dev: true, proxy_allowed: true, planes: Planes::ALL };
    const SERVE: Self = Self { dev: false, proxy_allowed: false, planes: Planes::ALL };

    fn names(self) -> Names<'static> {
        static SUFFIXES: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| vec!["m2m.example.com".to_owned()]);
        Names {
            suffixes: &SUFFIXES,
            is_custom_domain: &|host| {
                let any_label = host.split_once('.').is_some_and(|(_, rest)| rest == "apps.example.com");
                any_label || ["api.example.com", "a1.execute-api.example.org", "b.s3.example.org"].contains(&host)
            },
            dev: self.dev,
            proxy_allowed: self.proxy_allowed,
            port: 4566,
            planes: self.planes,
        }
    }
}

fn routed(request: &str, headers: &[&str], mode: Mode) -> String {
    let parts = parts(request, headers, Version::HTTP_11);
    match RequestHead::of(&parts) {
        Ok(head) => shown(&route(&head, &mode.names())),
        Err(error) => format!("{error:?}"),
    }
}

/// Reads `METHOD host path`, `METHOD absolute-form` or `CONNECT authority`; the host `-` is none.
fn parts(request: &str, headers: &[&str], version: Version) -> request::Parts {
    let words: Vec<&str> = request.split(' ').collect();
    let mut builder = Request::builder().method(words[0]).version(version);
    builder = match words[..] {
        [_, target] => builder.uri(target),
        [_, "-", path] => builder.uri(path),
        [_, host, path] => builder.uri(path).header("host", host),
        _ => panic!("not a request: {request}"),
    };
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        builder = builder.header(name, value);
    }
    builder.body(()).unwrap().into_parts().0
}

fn shown(route: &Route<'_>) -> String {
    let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
    match route {
        Route::TunnelHere => "tunnel here".to_owned(),
        Route::TunnelElsewhere => "tunnel elsewhere".to_owned(),
        Route::Forward => "forward".to_owned(),
        Route::ProxyRefused => "proxy refused".to_owned(),
        Route::CustomDomain => "custom domain".to_owned(),
        Route::ExecuteApi { api, region, path } => format!("api {api} {} {path}", or_none(*region)),
        Route::PoolDomain { prefix, region } => format!("domain {prefix} {region}"),
        Route::OAuth => "oauth".to_owned(),
        Route::WellKnown { pool, document, region } => format!("well known {pool} {document} {}", or_none(*region)),
        Route::Preflight => "preflight".to_owned(),
        Route::Service { name, region } => format!("service {name} {}", or_none(region.as_deref())),
        Route::S3 { bucket, region } => format!("s3 {} {}", or_none(*bucket), or_none(region.as_deref())),
        Route::Form => "form".to_owned(),
        Route::Own(path) => format!("own {path}"),
        Route::Authorize { policy, path } => format!("authorize {policy} ({path})"),
        Route::MissingAuthenticationToken => "missing authentication token".to_owned(),
        Route::ForeignOrigin => "foreign origin".to_owned(),
        Route::ForeignHost => "foreign host".to_owned(),
        Route::Page => "page".to_owned(),
        Route::Elsewhere => "elsewhere".to_owned(),
        Route::NotFound => "not found".to_owned(),
    }
}
