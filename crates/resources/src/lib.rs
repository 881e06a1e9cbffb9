//! The nouns: user pool, app client, API, stage, authorizer. Ids, ARNs, limits, valid by construction.
