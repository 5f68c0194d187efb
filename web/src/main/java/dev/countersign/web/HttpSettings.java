package dev.countersign.web;

import dev.countersign.core.Setting;
import dev.countersign.web.http.Limits;
import dev.countersign.web.intake.QuotaSettings;
import dev.countersign.web.tls.TlsSettings;

/** How the server listens. */
public record HttpSettings(
        @Setting(name = "host", label = "ADDRESS", byDefault = "all addresses", help = "Address to listen on.")
        String host,

        @Setting(name = "register-port", label = "PORT", min = 0, max = 65_535, help = "Registers ids; 0: any free.")
        int registerPort,

        @Setting(name = "message-port", label = "PORT", min = 0, max = 65_535, help = "Takes messages; 0: any free.")
        int messagePort,

        @Setting(
                name = "operator-port",
                label = "PORT",
                min = 0,
                max = 65_535,
                byDefault = "off",
                help = "Serves metrics and a status page to all users of this machine, on 127.0.0.1; 0: any free.")
        int operatorPort,

        @Setting(
                name = "access-log",
                label = "true|false",
                help = "Writes a line for each request to logs/access.log, without codes, texts and queries.")
        boolean accessLog,

        TlsSettings tls,
        QuotaSettings quotas,
        Limits limits) {

    /** The value of a port that is not opened. */
    public static final int OFF = -1;

    /** Accepts an IPv6 address also with brackets, as in a URL. */
    public HttpSettings {
        host = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    static HttpSettings on(String host, int registerPort, int messagePort) {
        return new HttpSettings(
                host,
                registerPort,
                messagePort,
                OFF,
                false,
                TlsSettings.none(),
                QuotaSettings.none(),
                Limits.defaults());
    }
}
