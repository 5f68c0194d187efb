package dev.countersign.web.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Reads PEM (RFC 7468) as certbot, OpenSSL and CAs write it. The JDK can't read private keys in PEM before version 25.
 */
final class Pem {

    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final byte[] VERSION_0 = {0x02, 1, 0};

    private Pem() {}

    /** All certificates, in order; at least one. */
    static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (MatchResult block : blocks(pem, "CERTIFICATE")) {
            certificates.add((X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der(block))));
        }
        if (certificates.isEmpty()) {
            throw new GeneralSecurityException("no certificate in PEM in it");
        }
        return certificates;
    }

    /**
     * The first private key: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC).
     *
     * @param certified the public key that it must match
     * @throws GeneralSecurityException if there is none, or it is encrypted or does not match
     */
    static PrivateKey privateKey(String pem, PublicKey certified) throws GeneralSecurityException {
        List<MatchResult> blocks = blocks(pem, "((RSA|EC) )?PRIVATE KEY");
        if (blocks.isEmpty()) {
            throw new GeneralSecurityException("no private key in PEM in it that is not encrypted");
        }
        MatchResult block = blocks.get(0);
        byte[] pkcs8 = block.group(1).equals("PRIVATE KEY") ? der(block) : pkcs8(der(block), certified);
        try {
            PrivateKey key =
                    KeyFactory.getInstance(certified.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            if (arePair(key, certified)) {
                return key;
            }
        } catch (InvalidKeySpecException e) {
            // its algorithm is not the certificate's
        }
        throw new GeneralSecurityException("another key than that of the first certificate");
    }

    private static List<MatchResult> blocks(String pem, String label) {
        return BLOCK.matcher(pem)
                .results()
                .filter(block -> block.group(1).matches(label))
                .toList();
    }

    private static byte[] der(MatchResult block) {
        return Base64.getMimeDecoder().decode(block.group(2));
    }

    /**
     * The older formats lack the algorithm before the key; the public key's encoding begins with the same algorithm.
     */
    private static byte[] pkcs8(byte[] key, PublicKey certified) {
        byte[] info = certified.getEncoded();
        int start = info[1] > 0 ? 2 : 2 + (info[1] & 0x7f);
        byte[] algorithm = Arrays.copyOfRange(info, start, start + 2 + info[start + 1]);
        return element(SEQUENCE, VERSION_0, algorithm, element(OCTET_STRING, key));
    }

    /** Encodes a DER element of up to 65,535 bytes. */
    private static byte[] element(int tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        if (length > 0xff) {
            element.write(0x82);
            element.write(length >> 8);
        } else if (length > 0x7f) {
            element.write(0x81);
        }
        element.write(length);
        Arrays.stream(parts).forEach(element::writeBytes);
        return element.toByteArray();
    }

    private static boolean arePair(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        if (key instanceof RSAKey rsa && certified instanceof RSAKey other) {
            return rsa.getModulus().equals(other.getModulus());
        }
        Signature signature =
                Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm());
        signature.initSign(key);
        signature.update(VERSION_0);
        byte[] signed = signature.sign();
        signature.initVerify(certified);
        signature.update(VERSION_0);
        return signature.verify(signed);
    }
}
