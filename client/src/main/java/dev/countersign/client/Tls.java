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
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;

/** Sets up TLS: which certificates the client trusts, and how it reports a failed handshake. */
final class Tls {

    private Tls() {}

    /** The TLS handshake failed, so nothing was sent. */
    static final class NoTlsException extends IOException {

        private static final long serialVersionUID = 1;

        private final boolean passing;

        private NoTlsException(String message, Exception cause, boolean passing) {
            super(message, cause);
            this.passing = passing;
        }

        boolean isPassing() {
            return passing;
        }
    }

    /**
     * A strategy that verifies the server's name and certificate.
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
                throw failure(e);
            }
        };
    }

    private static SSLContext context(Optional<Path> trusted) {
        try {
            if (trusted.isEmpty()) {
                return SSLContext.getDefault();
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            try (InputStream pem = Files.newInputStream(trusted.get())) {
                for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                    store.setCertificateEntry(Integer.toString(store.size()), each);
                }
            }
            if (store.size() == 0) {
                throw new CertificateException("it contains no certificate");
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            String file = trusted.map(Path::toString).orElse("Java's own");
            throw new IllegalArgumentException("trust: can't use " + file + ": " + e, e);
        }
    }

    private static NoTlsException failure(Exception e) {
        List<Throwable> causes = Stream.<Throwable>iterate(e, cause -> cause != null, Throwable::getCause)
                .toList();
        Throwable root = causes.get(causes.size() - 1);
        if (causes.stream().anyMatch(CertificateException.class::isInstance)) {
            String why = root instanceof CertPathBuilderException
                    ? "no trusted authority has signed it (--trust names others)"
                    : root instanceof CertificateExpiredException
                            ? "it has expired, " + root.getMessage()
                            : root.getMessage();
            return new NoTlsException("the server's certificate is refused: " + why, e, false);
        }
        // an SSLException that is no handshake failure: the port speaks plain text
        boolean isPassing = e instanceof SSLHandshakeException || !(e instanceof SSLException);
        return new NoTlsException("no TLS with the server: " + root.getMessage(), e, isPassing);
    }
}
