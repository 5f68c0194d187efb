package dev.countersign.web.intake;

import dev.countersign.core.Setting;
import java.time.Duration;

/** Limits for each sender, however idle the server is. 0 means no limit. */
public record QuotaSettings(
        @Setting(
                name = "registrations",
                label = "open|closed",
                help = "closed: /register answers 404, and only the operator can register ids.")
        Registering registrations,

        @Setting(
                name = "rate-per-address",
                label = "COUNT",
                min = 0,
                max = 1_000_000,
                help = "POST requests a second from one address (an IPv6 /64 counts as one); more get a 429. 0: no"
                        + " limit.")
        int ratePerAddress,

        @Setting(
                name = "rate-per-id",
                label = "COUNT",
                min = 0,
                max = 1_000_000,
                help = "Message requests a second from one id; more get a 429. 0: no limit.")
        int ratePerId,

        @Setting(
                name = "rate-burst",
                label = "SECONDS",
                max = 86_400,
                help = "A sender that was idle may send as many requests at once as its rate allows in this time.")
        Duration burst,

        @Setting(
                name = "bytes-per-id",
                label = "BYTES",
                min = 0,
                help = "Bytes of message bodies a day from one id; more get a 429. An idle id may send all of them at"
                        + " once; the allowance refills evenly over a day. 0: no limit.")
        long bytesPerId,

        @Setting(
                name = "forwarded-from",
                label = "CIDR,...",
                byDefault = "none",
                help = "Trusted proxies, such as 10.0.0.0/8: --rate-per-address then uses the client's address from"
                        + " X-Forwarded-For or Forwarded.")
        String forwardedFrom) {

    /** Whether anybody may register an id. */
    public enum Registering {
        OPEN,
        CLOSED
    }

    public static QuotaSettings none() {
        return new QuotaSettings(Registering.OPEN, 0, 0, Duration.ofSeconds(10), 0, "");
    }
}
