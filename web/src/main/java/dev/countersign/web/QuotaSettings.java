package dev.countersign.web;

import dev.countersign.core.Setting;
import java.time.Duration;

/** What one sender may take of the server, however little others do. A number of 0 sets no limit. */
public record QuotaSettings(
        @Setting(
                name = "registrations",
                label = "open|closed",
                help = "closed: /register gets a 404, and only the operator makes ids.")
        Registering registrations,

        @Setting(
                name = "rate-per-address",
                label = "COUNT",
                min = 0,
                max = 1_000_000,
                help = "POSTs a second from one address (of IPv6: its /64); more get a 429. 0: no limit.")
        int ratePerAddress,

        @Setting(
                name = "rate-per-id",
                label = "COUNT",
                min = 0,
                max = 1_000_000,
                help = "Requests a second to log messages of one id; more get a 429. 0: no limit.")
        int ratePerId,

        @Setting(
                name = "rate-burst",
                label = "SECONDS",
                max = 86_400,
                help = "After a silence, as many requests as these rates allow in that time may come at once.")
        Duration burst,

        @Setting(
                name = "bytes-per-id",
                label = "BYTES",
                min = 0,
                help =
                        "Of bodies with messages of one id, a day; more get a 429. As many may come at once, and come back"
                                + " evenly over a day. 0: no limit.")
        long bytesPerId,

        @Setting(
                name = "forwarded-from",
                label = "CIDR,...",
                byDefault = "none",
                help = "Proxies whose X-Forwarded-For or Forwarded is believed for --rate-per-address, as 10.0.0.0/8.")
        String forwardedFrom) {

    /** Whether anybody may register an id. */
    public enum Registering {
        OPEN,
        CLOSED
    }

    static QuotaSettings none() {
        return new QuotaSettings(Registering.OPEN, 0, 0, Duration.ofSeconds(10), 0, "");
    }
}
