//! Ceilings: what all cores reach with nothing but the cryptography.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, UnparsedPublicKey};

/// About the length of a token's signing input.
const MESSAGE: [u8; 520] = [b'x'; 520];

/// RSA-2048 signatures per second on all cores.
pub(super) fn signatures_per_second(duration: Duration) -> anyhow::Result<f64> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("cannot make an RSA key"))?;
    on_all_cores(
        duration,
        || {
            let mut signature = vec![0; key.public_modulus_len()];
            let random = SystemRandom::new();
            move |key: &KeyPair| key.sign(&signature::RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).is_ok()
        },
        &key,
    )
}

/// RSA-2048 verifications per second on all cores, the public key parsed once.
pub(super) fn verifications_per_second(duration: Duration) -> anyhow::Result<f64> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("cannot make an RSA key"))?;
    let mut proof = vec![0; key.public_modulus_len()];
    key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut proof)
        .map_err(|_| anyhow!("cannot sign"))?;
    let der = key.public_key().as_der().map_err(|_| anyhow!("cannot encode the public key"))?;
    let public = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, der.as_ref().to_vec())
        .parse()
        .map_err(|_| anyhow!("cannot parse the public key"))?;
    on_all_cores(
        duration,
        || {
            let proof = proof.clone();
            move |public: &signature::ParsedPublicKey| public.verify_sig(&MESSAGE, &proof).is_ok()
        },
        &public,
    )
}

fn on_all_cores<K: Sync, W: FnMut(&K) -> bool>(
    duration: Duration,
    make: impl Fn() -> W + Sync,
    key: &K,
) -> anyhow::Result<f64> {
    let stop = AtomicBool::new(false);
    let cores = std::thread::available_parallelism()?.get();
    let started = Instant::now();
    let total: u64 = std::thread::scope(|scope| {
        let work = || {
            let mut work = make();
            let mut done = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                done += u64::from(work(key));
            }
            done
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        std::thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().unwrap_or_default()).sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of a few seconds")]
    Ok(total as f64 / started.elapsed().as_secs_f64())
}
