package dev.countersign.web.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's private key and certificate chain. The files are read again when they change ({@link #look}): new
 * connections get the new certificate, open ones continue.
 */
public final class ServerCertificate extends SslContextFactory.Server {

    private static final Logger log = LoggerFactory.getLogger(ServerCertificate.class);

    /** Between two calls of {@link #look}. */
    public static final Duration PAUSE = Duration.ofSeconds(1);

    private static final String PASSWORD = "COUNTERSIGN_TLS_KEYSTORE_PASSWORD";

    private final TlsSettings settings;

    /** The content of the files in use and at the last check, and why the last check failed. */
    private List<String> inUse;

    private List<String> seen;
    private String complaint = "";

    private ServerCertificate(TlsSettings settings) {
        this.settings = settings;
        setIncludeProtocols("TLSv1.3", "TLSv1.2");
        inUse = seen = read();
        setSslContext(context(inUse));
    }

    /**
     * The certificate in the settings; empty if they have none.
     *
     * @throws StartupException if it can't be used; the message names the option and the file
     */
    public static Optional<ServerCertificate> of(TlsSettings settings) {
        if (settings.certificate().isEmpty() != settings.key().isEmpty()) {
            throw new StartupException("--tls-certificate and --tls-key need each other: set both");
        }
        if (!settings.certificate().isEmpty() && !settings.keystore().isEmpty()) {
            throw new StartupException("--tls-keystore replaces --tls-certificate: set only one of them");
        }
        boolean isOn = !settings.certificate().isEmpty() || !settings.keystore().isEmpty();
        return isOn ? Optional.of(new ServerCertificate(settings)) : Optional.empty();
    }

    /** A connection factory for TLS with HTTP/1.1 in it. */
    public SslConnectionFactory connectionFactory() {
        SslConnectionFactory factory = new SslConnectionFactory(this, HttpVersion.HTTP_1_1.asString());
        factory.setEnsureSecureRequestCustomizer(false); // it would refuse other host names, and addresses
        return factory;
    }

    /** Loads the files if they have changed; for use by one thread at a time, which waits for the file system. */
    public void look() {
        try {
            List<String> text = read();
            boolean isWritten = text.equals(seen); // otherwise somebody may still be writing
            seen = text;
            if (isWritten && !text.equals(inUse)) {
                SSLContext context = context(text); // first: if this fails, the former one stays
                reload(factory -> factory.setSslContext(context));
                inUse = text;
                complaint = "";
            }
        } catch (Exception e) { // whatever it is, the next check may find valid files
            String reason = String.valueOf(e.getMessage());
            if (!complaint.equals(reason)) {
                complaint = reason;
                log.warn("the former certificate stays in use: {}", complaint);
            }
        }
    }

    private List<String> read() {
        return isPem()
                ? List.of(read("certificate", settings.certificate()), read("key", settings.key()))
                : List.of(read("keystore", settings.keystore()), keystorePassword());
    }

    private boolean isPem() {
        return settings.keystore().isEmpty();
    }

    private String keystorePassword() {
        String file = settings.keystorePasswordFile();
        return file.isEmpty()
                ? Optional.ofNullable(System.getenv(PASSWORD))
                        .orElseThrow(() -> new StartupException("--tls-keystore needs a password: set"
                                + " --tls-keystore-password-file or the environment variable " + PASSWORD))
                : read("keystore-password-file", file).lines().findFirst().orElse("");
    }

    /** Decodes each byte as one character (ISO 8859-1). */
    private static String read(String option, String file) {
        return parse(option, file, () -> Files.readString(Path.of(file), ISO_8859_1));
    }

    private SSLContext context(List<String> text) {
        String option = isPem() ? "certificate" : "keystore";
        String file = isPem() ? settings.certificate() : settings.keystore();
        char[] password = isPem() ? new char[0] : text.get(1).toCharArray();
        return parse(option, file, () -> {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(isPem() ? null : new ByteArrayInputStream(text.get(0).getBytes(ISO_8859_1)), password);
            if (isPem()) {
                List<X509Certificate> chain = Pem.certificates(text.get(0));
                PublicKey certified = chain.get(0).getPublicKey();
                PrivateKey key = parse("key", settings.key(), () -> Pem.privateKey(text.get(1), certified));
                store.setKeyEntry("server", key, password, chain.toArray(X509Certificate[]::new));
            }
            X509Certificate own = own(store);
            own.checkValidity();
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), new TrustManager[0], null); // clients have no certificates
            log.info(
                    "the certificate of {} is valid until {}",
                    file,
                    own.getNotAfter().toInstant());
            return context;
        });
    }

    private static X509Certificate own(KeyStore store) throws GeneralSecurityException {
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                return (X509Certificate) store.getCertificate(alias);
            }
        }
        throw new GeneralSecurityException("no private key in it");
    }

    private static <T> T parse(String option, String file, Callable<T> parsing) {
        try {
            return parsing.call();
        } catch (StartupException e) {
            throw e;
        } catch (Exception e) { // the JDK's parsers throw more than they declare
            String reason = e instanceof CertificateExpiredException || e instanceof CertificateNotYetValidException
                    ? "not valid at this time, " + e.getMessage()
                    : e instanceof GeneralSecurityException ? e.getMessage() : Home.reason(e);
            throw new StartupException("--tls-" + option + ": " + file + ": " + reason, e);
        }
    }
}
