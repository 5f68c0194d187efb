package dev.countersign.web.intake;

import dev.countersign.core.ClientId;
import dev.countersign.core.StartupException;
import dev.countersign.web.http.Problem;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.InetAddressSet;

/** The allowances of addresses and ids. They are in memory: a restart resets them. Safe for use by many threads. */
public final class Quotas {

    private static final Pattern FOR = Pattern.compile("(?i)(?<![^;,\\s])for=(\"[^\"]*\"|[^;,\\s]*)");
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F:.]{2,45}");
    private static final Duration DAY = Duration.ofDays(1);

    private final Optional<RateLimit> requestsOfAddress;
    private final Optional<RateLimit> requestsOfId;
    private final Optional<RateLimit> bytesOfId;
    private final InetAddressSet proxies = new InetAddressSet();

    /** @throws StartupException if the proxies are not valid addresses */
    Quotas(QuotaSettings settings) {
        long seconds = settings.burst().toSeconds();
        requestsOfAddress = limit(settings.ratePerAddress() * seconds, settings.burst());
        requestsOfId = limit(settings.ratePerId() * seconds, settings.burst());
        bytesOfId = limit(settings.bytesPerId(), DAY);
        try {
            if (!settings.forwardedFrom().isEmpty()) {
                proxies.addAll(List.of(settings.forwardedFrom().strip().split("\\s*,\\s*")));
            }
        } catch (IllegalArgumentException e) {
            throw new StartupException("--forwarded-from: " + e.getMessage(), e);
        }
    }

    private static Optional<RateLimit> limit(long burst, Duration period) {
        return burst == 0 ? Optional.empty() : Optional.of(new RateLimit(burst, period, System::nanoTime));
    }

    /** @throws RefusalException {@link Problem#TOO_MANY_REQUESTS} if the address's allowance is used up */
    void takeRequest(Request request) {
        requestsOfAddress.ifPresent(limit -> sender(request).ifPresent(address -> take(limit, key(address), 1)));
    }

    /** Call this only if the code is right: otherwise anybody could use up an id's allowance. Throws as the other. */
    void takeRequest(ClientId id, int bytes) {
        requestsOfId.ifPresent(limit -> take(limit, id, 1));
        bytesOfId.ifPresent(limit -> take(limit, id, bytes));
    }

    private static void take(RateLimit limit, Object key, long units) {
        Duration wait = limit.take(key, units);
        if (!wait.isZero()) {
            throw new RefusalException(wait);
        }
    }

    /** The key for an address. An IPv6 client usually has a whole /64 network, so this counts by network. */
    private static Object key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? address : ByteBuffer.wrap(bytes).getLong();
    }

    /**
     * The address of the sender, behind trusted proxies; empty if the connection is gone, or comes from a Unix socket.
     */
    public Optional<InetAddress> sender(Request request) {
        return request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress from
                ? Optional.of(sender(from.getAddress(), request.getHeaders()))
                : Optional.empty();
    }

    /**
     * The nearest address that is not a trusted proxy. Jetty's ForwardedRequestCustomizer would take the farthest
     * address, which a client can forge, and trust any proxy. If both headers are present, even if one is empty, one
     * may come from the client: then both are ignored.
     */
    private InetAddress sender(InetAddress from, HttpFields headers) {
        if (!proxies.test(from)) {
            return from;
        }
        if (headers.contains("X-Forwarded-For") && headers.contains("Forwarded")) {
            return from;
        }
        InetAddress sender = from;
        String byName = String.join(",", headers.getValuesList("X-Forwarded-For"));
        List<String> hops = new ArrayList<>(List.of(byName.split(","))); // quotes have no meaning there
        String byRfc = String.join(",", headers.getValuesList("Forwarded"));
        FOR.matcher(byRfc).results().forEach(hop -> hops.add(hop.group(1)));
        for (int i = hops.size() - 1; i >= 0 && proxies.test(sender); i--) {
            Optional<InetAddress> next = address(hops.get(i));
            if (next.isEmpty()) {
                break;
            }
            sender = next.get();
        }
        return sender;
    }

    /** Parses an IP address, which may have a port and quotes; does not resolve names. */
    private static Optional<InetAddress> address(String hop) {
        String text = hop.strip().replace("\"", "");
        int colon = text.indexOf(':');
        String host = text.startsWith("[") // IPv6 with a port
                ? text.substring(1, Math.max(1, text.indexOf(']')))
                : colon > 0 && colon == text.lastIndexOf(':') ? text.substring(0, colon) : text;
        if (!ADDRESS.matcher(host).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    InetAddress.getByName(host.contains(":") ? host : "::ffff:" + host)); // Java turns this into IPv4
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }
}
