package dev.countersign.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.ssl.SSLContexts;

/** Sets up TLS: which certificates the client trusts, and how it reports a failed handshake. */
final class Tls {

    private Tls() {}

    /**
     * A strategy that verifies the server's name and certificate. If a handshake fails, it throws an IOException whose
     * cause is the {@link UnreachableException} to report: nothing was sent.
     *
     * @param trusted PEM file with certificates of authorities or servers; empty for the authorities that Java trusts
     * @throws IllegalArgumentException if the file can't be used
     */
    static TlsSocketStrategy strategy(Optional<Path> trusted) {
        TlsSocketStrategy strategy =
                new DefaultClientTlsStrategy(context(trusted), HostnameVerificationPolicy.BUILTIN, null);
        return (socket, host, port, attachment, context) -> {
            try {
                SSLSocket secured = strategy.upgrade(socket, host, port, attachment, context);
                // Java does not check the dates of a certificate that is itself a trusted one
                ((X509Certificate) secured.getSession().getPeerCertificates()[0]).checkValidity();
                return secured;
            } catch (IOException | CertificateException e) {
                throw new IOException(failure(e));
            }
        };
    }

    private static SSLContext context(Optional<Path> trusted) {
        if (trusted.isEmpty()) {
            return SSLContexts.createSystemDefault();
        }
        try (InputStream pem = Files.newInputStream(trusted.get())) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry(Integer.toString(store.size()), each);
            }
            if (store.size() == 0) {
                throw new CertificateException("it contains no certificate");
            }
            return SSLContexts.custom().loadTrustMaterial(store, null).build();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("trust: can't use " + trusted.get() + ": " + e, e);
        }
    }

    private static UnreachableException failure(Exception e) {
        Throwable root = e;
        boolean isOfCertificate = e instanceof CertificateException;
        while (root.getCause() != null) {
            root = root.getCause();
            isOfCertificate |= root instanceof CertificateException;
        }
        if (isOfCertificate) {
            String why = root instanceof CertPathBuilderException
                    ? "no trusted authority has signed it (--trust names others)"
                    : root instanceof CertificateExpiredException
                            ? "it has expired, " + root.getMessage()
                            : root.getMessage();
            return new UnreachableException("the server's certificate is refused: " + why, e, false);
        }
        // an SSLException that is no handshake failure: the port speaks plain text
        boolean isPassing = e instanceof SSLHandshakeException || !(e instanceof SSLException);
        return new UnreachableException("no TLS with the server: " + root.getMessage(), e, isPassing);
    }
}
