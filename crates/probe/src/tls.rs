//! TLS, for apps that answer on https.
//!
//! On this computer any certificate is taken: tools for developing make their own, and nobody stands between. Elsewhere it
//! must be one that browsers trust. The handshake is driven by hand so that one deadline bounds it: a server that sends it
//! byte by byte ends too.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::http::{HttpError, Wire, remaining};
use crate::permit::Permit;

/// A connection after its handshake.
pub(crate) struct Tls {
    connection: ClientConnection,
    stream: TcpStream,
    limit: Duration,
}

impl Tls {
    /// Shakes hands over a connection, until `deadline`; `limit` is what that was at first, for messages.
    pub(crate) fn over(
        stream: TcpStream,
        permit: &Permit,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Self, HttpError> {
        Self::shake(stream, permit.host(), permit.is_loopback(), deadline, limit)
    }

    fn shake(
        mut stream: TcpStream,
        host: &str,
        any_certificate: bool,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Self, HttpError> {
        let failed = |error: &rustls::Error| HttpError::Tls(error.to_string());
        let name = match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => ServerName::IpAddress(address.into()),
            Err(_) => ServerName::try_from(host.to_owned()).map_err(|error| HttpError::Tls(error.to_string()))?,
        };
        let config = config(any_certificate).map_err(|error| failed(&error))?;
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| failed(&error))?;
        while connection.is_handshaking() {
            if connection.wants_write() {
                let left = remaining(deadline).ok_or(HttpError::Deadline(limit))?;
                stream.set_write_timeout(Some(left)).map_err(|error| broken(&error, limit))?;
                connection.write_tls(&mut stream).map_err(|error| broken(&error, limit))?;
            } else {
                more(&mut connection, &mut stream, deadline, limit)?;
            }
        }
        Ok(Tls { connection, stream, limit })
    }

    /// Sends bytes until `deadline`.
    pub(crate) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), HttpError> {
        while !bytes.is_empty() || self.connection.wants_write() {
            let taken = self.connection.writer().write(bytes).map_err(|error| broken(&error, self.limit))?;
            bytes = bytes.get(taken..).unwrap_or_default();
            while self.connection.wants_write() {
                let left = remaining(deadline).ok_or(HttpError::Deadline(self.limit))?;
                self.stream.set_write_timeout(Some(left)).map_err(|error| broken(&error, self.limit))?;
                self.connection.write_tls(&mut self.stream).map_err(|error| broken(&error, self.limit))?;
            }
        }
        Ok(())
    }
}

impl Wire for Tls {
    fn read_within(&mut self, left: Duration, piece: &mut [u8]) -> std::io::Result<usize> {
        let deadline = Instant::now() + left;
        loop {
            match self.connection.reader().read(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Many servers hang up without a word of farewell; whether the body is whole is told by its length.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                other => return other,
            }
            match more(&mut self.connection, &mut self.stream, deadline, self.limit) {
                Ok(()) => {}
                Err(HttpError::Deadline(_)) => return Err(ErrorKind::TimedOut.into()),
                Err(HttpError::Io(kind)) => return Err(kind.into()),
                Err(error) => return Err(std::io::Error::new(ErrorKind::InvalidData, error)),
            }
        }
    }
}

/// Reads what has come, once.
fn more(
    connection: &mut ClientConnection,
    stream: &mut TcpStream,
    deadline: Instant,
    limit: Duration,
) -> Result<(), HttpError> {
    let left = remaining(deadline).ok_or(HttpError::Deadline(limit))?;
    stream.set_read_timeout(Some(left)).map_err(|error| broken(&error, limit))?;
    let count = connection.read_tls(stream).map_err(|error| broken(&error, limit))?;
    connection.process_new_packets().map_err(|error| HttpError::Tls(error.to_string()))?;
    if count == 0 && connection.is_handshaking() {
        return Err(HttpError::Closed);
    }
    Ok(())
}

fn broken(error: &std::io::Error, limit: Duration) -> HttpError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => HttpError::Deadline(limit),
        kind => HttpError::Io(kind),
    }
}

fn config(any_certificate: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(provider::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut config = if any_certificate {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Any(provider))).with_no_client_auth()
    } else {
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        builder.with_root_certificates(roots).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Takes any certificate whose key signed the handshake.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;
    use crate::http::{Identity, Method, Request, exchange};

    const LIMIT: Duration = Duration::from_millis(700);

    fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let mut out = vec![tag];
        match u8::try_from(body.len()) {
            Ok(short) if short < 128 => out.push(short),
            Ok(long) => out.extend([0x81, long]),
            Err(_) => {
                out.push(0x82);
                out.extend(u16::try_from(body.len()).expect("a short certificate").to_be_bytes());
            }
        }
        out.extend(body);
        out
    }

    /// A key made now and a certificate that it signed itself (RFC 5280), as tools for developing make them.
    fn own_certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).expect("a key");
        let ecdsa_with_sha256 = der(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let common_name = der(0x30, &[&[6, 3, 0x55, 4, 3], &der(0x0c, &[b"localhost"])]);
        let name = der(0x30, &[&der(0x31, &[&common_name])]);
        let validity = der(0x30, &[&der(0x17, &[b"200101000000Z"]), &der(0x17, &[b"490101000000Z"])]);
        let curve =
            der(0x30, &[&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]]);
        let public = der(0x30, &[&curve, &der(3, &[&[0], key.public_key().as_ref()])]);
        let version = der(0xa0, &[&[2, 1, 2]]);
        let unsigned = der(0x30, &[&version, &[2, 1, 1], &ecdsa_with_sha256, &name, &validity, &name, &public]);
        let signature = key.sign(&random, &unsigned).expect("a signature");
        let certificate = der(0x30, &[&unsigned, &ecdsa_with_sha256, &der(3, &[&[0], signature.as_ref()])]);
        (certificate.into(), PrivateKeyDer::Pkcs8(document.as_ref().to_vec().into()))
    }

    /// Serves one connection.
    fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            serve(stream);
        });
        port
    }

    fn over_tls(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        let (certificate, key) = own_certificate();
        let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a certificate");
        StreamOwned::new(ServerConnection::new(Arc::new(config)).expect("a connection"), stream)
    }

    fn ask(port: u16) -> Result<crate::http::Response, HttpError> {
        let permit = Permit::loopback(&format!("https://127.0.0.1:{port}")).expect("a permit");
        let request = Request::new(&permit, Method::Get, "/a").expect("a request");
        assert_eq!(request.url(), format!("https://127.0.0.1:{port}/a"));
        exchange(&request, &Identity { run: "test".to_owned() }, LIMIT)
    }

    #[test]
    fn an_app_on_this_computer_may_have_a_certificate_of_its_own() {
        let port = server(|stream| {
            let mut tls = over_tls(stream);
            let mut head = [0u8; 512];
            let count = tls.read(&mut head).expect("a request");
            assert!(head[..count].starts_with(b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:"));
            let body = "x".repeat(100_000);
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            tls.write_all(answer.as_bytes()).expect("sent");
            // No farewell.
        });
        let response = ask(port).expect("an answer");
        assert_eq!((response.status, response.body.len()), (200, 100_000));
        assert_eq!(response.end, crate::http::BodyEnd::Complete);
    }

    #[test]
    fn elsewhere_a_certificate_must_be_one_that_browsers_trust() {
        let port = server(|stream| {
            let _ = over_tls(stream).read(&mut [0u8; 16]);
        });
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let refused = Tls::shake(stream, "shop.example", false, Instant::now() + LIMIT, LIMIT);
        assert!(matches!(refused, Err(HttpError::Tls(_))));
    }

    #[test]
    fn what_is_no_handshake_ends_in_time() {
        let plain = server(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            std::thread::sleep(LIMIT);
        });
        assert!(matches!(ask(plain), Err(HttpError::Tls(_) | HttpError::Io(_))));
        let silent = server(|_stream| std::thread::sleep(LIMIT * 3));
        let dripping = server(|mut stream| {
            // A handshake record that announces much and comes byte by byte.
            let _ = stream.write_all(&[22, 3, 3, 0x3f, 0xff]);
            for _ in 0..150 {
                std::thread::sleep(Duration::from_millis(20));
                if stream.write_all(&[2]).is_err() {
                    return;
                }
            }
        });
        for port in [silent, dripping] {
            let began = Instant::now();
            let answer = ask(port).map(|response| response.status);
            assert!(matches!(answer, Err(HttpError::Deadline(_) | HttpError::Tls(_))), "{answer:?}");
            assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
        }
        let hung_up = server(drop);
        assert!(matches!(ask(hung_up), Err(HttpError::Closed | HttpError::Io(_))));
    }
}
