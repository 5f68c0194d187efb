package dev.countersign.web.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the answers of a port by kind and, for refusals, by address. Safe for use by many threads. */
public final class Answers {

    private static final Logger log = LoggerFactory.getLogger(Answers.class);
    private static final int MAX_ADDRESSES = 1_000; // per minute and kind
    private static final int SHOWN_ADDRESSES = 3;

    private final LongAdder created = new LongAdder();
    private final LongAdder replayed = new LongAdder();
    private final Map<Problem, Refusals> refusals = new EnumMap<>(Problem.class);

    private static final class Refusals {

        final LongAdder all = new LongAdder();
        final Map<InetAddress, LongAdder> byAddress = new ConcurrentHashMap<>();
        long reported; // the part of all that is reported

        void count(SocketAddress client) {
            all.increment();
            if (client instanceof InetSocketAddress from) {
                InetAddress address = from.getAddress();
                if (byAddress.size() < MAX_ADDRESSES || byAddress.containsKey(address)) {
                    byAddress.computeIfAbsent(address, first -> new LongAdder()).increment();
                }
            }
        }
    }

    Answers() {
        for (Problem each : Problem.values()) {
            refusals.put(each, new Refusals());
        }
    }

    /** Counts a successful answer at the request's port; answers to the operator are not counted. */
    public static void count(Request request, boolean isReplay) {
        if (request.getConnectionMetaData().getConnector() instanceof PacedConnector port) {
            (isReplay ? port.answers().replayed : port.answers().created).increment();
        }
    }

    public static void count(Request request, Problem problem) {
        ConnectionMetaData connection = request.getConnectionMetaData();
        count(connection.getConnector(), problem, connection.getRemoteSocketAddress());
    }

    static void count(Connector connector, Problem problem, SocketAddress client) {
        if (connector instanceof PacedConnector port) {
            port.answers().refusals.get(problem).count(client);
        }
    }

    /** The number of answers by status and kind, as {@code "403 wrong-code"}; for successful ones by status. */
    Map<String, Long> counts() {
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("201", created.sum());
        counts.put("200", replayed.sum());
        refusals.forEach((problem, refused) -> counts.put(problem.status() + " " + problem.kind(), refused.all.sum()));
        return counts;
    }

    /** Logs a line for each kind of refusal since the last report; for use by one thread at a time. */
    void report(String port) {
        refusals.forEach((problem, refused) -> {
            long all = refused.all.sum();
            if (all > refused.reported) {
                String most = refused.byAddress.entrySet().stream()
                        .map(entry -> Map.entry(entry.getKey(), entry.getValue().sum())) // counted on while this sorts
                        .sorted(Map.Entry.<InetAddress, Long>comparingByValue().reversed())
                        .limit(SHOWN_ADDRESSES)
                        .map(entry -> entry.getKey().getHostAddress() + " (" + entry.getValue() + ")")
                        .collect(Collectors.joining(", "));
                log.info(
                        "{} requests on the {} port were refused as {} within a minute, most of them from {}",
                        all - refused.reported,
                        port,
                        problem.kind(),
                        most);
                refused.reported = all;
                refused.byAddress.clear();
            }
        });
    }
}
