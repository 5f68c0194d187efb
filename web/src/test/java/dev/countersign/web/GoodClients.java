package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Clients that do nothing wrong, on one thread: each sends its next request when the last is answered, on one connection.
 * Each request holds text that no other has, so that it is plain whose an answer or a line of the log is.
 */
final class GoodClients {

    static final String LOST = "a receipt names another message or none";
    static final String DOUBLED = "logged more than once";

    private static final Pattern LENGTH = Pattern.compile("Content-Length: (\\d+)");

    private final Service service;
    private final List<Client> clients = new ArrayList<>();
    private final Map<String, Long> wrong = new TreeMap<>();
    private final Map<String, String> senders = new HashMap<>(); // by the message's text
    private final Map<String, String> texts = new HashMap<>(); // acknowledged, by receipt
    private long answers;

    GoodClients(Service service, int senders, int registrants) throws IOException {
        this.service = service;
        for (int i = 0; i < senders; i++) {
            String id = "sender-" + i;
            clients.add(new Sender(id, service.register(id)));
        }
        for (int i = 0; i < registrants; i++) {
            clients.add(new Registrant("registrant-" + i));
        }
    }

    void workFor(Duration time) throws IOException {
        try (Selector selector = Selector.open()) {
            for (Client client : clients) {
                client.connect(selector);
            }
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() < end) {
                selector.select(100);
                for (SelectionKey key : selector.selectedKeys()) {
                    ((Client) key.attachment()).read(selector);
                }
                selector.selectedKeys().clear();
            }
            for (Client client : clients) {
                client.channel.close();
            }
        }
    }

    long answers() {
        return answers;
    }

    /** Messages that were answered with a receipt. */
    long acknowledged() {
        return texts.size();
    }

    /** What was wrong with the answers, and how often. */
    Map<String, Long> wrong() {
        return wrong;
    }

    /** What is wrong in the log, and how often. */
    Map<String, Long> wrongIn(List<LoggedMessage> log) {
        Map<String, Long> found = new TreeMap<>();
        Map<String, LoggedMessage> byReceipt =
                log.stream().collect(Collectors.toMap(LoggedMessage::receipt, Function.identity()));
        texts.forEach((receipt, text) -> {
            LoggedMessage logged = byReceipt.get(receipt);
            if (logged == null || !logged.message().equals(text)) {
                found.merge(LOST, 1L, Long::sum);
            }
        });
        Map<String, Long> lines = new HashMap<>();
        for (LoggedMessage logged : log) {
            String sender = senders.get(logged.message());
            if (sender == null) {
                if (!logged.message().startsWith("flood-")) {
                    found.merge("a message that nobody sent", 1L, Long::sum);
                }
            } else {
                if (!sender.equals(logged.id())) {
                    found.merge("logged under another id", 1L, Long::sum);
                }
                if (lines.merge(logged.message(), 1L, Long::sum) == 2) {
                    found.merge(DOUBLED, 1L, Long::sum);
                }
            }
        }
        return found;
    }

    private abstract class Client {

        private final ByteBuffer in = ByteBuffer.allocate(16 * 1024);
        private SocketChannel channel;
        private long requests;

        abstract int port();

        abstract byte[] request(long number);

        /** Whether this answer is to the last request. */
        abstract boolean isAnswered(String head, String body);

        private void connect(Selector selector) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
            in.clear();
            send();
        }

        private void send() throws IOException {
            channel.write(ByteBuffer.wrap(request(++requests)));
        }

        private void read(Selector selector) throws IOException {
            int length;
            try {
                length = channel.read(in);
            } catch (IOException e) {
                length = -1;
            }
            if (length < 0) {
                wrong.merge("a good connection closed", 1L, Long::sum);
                channel.close();
                connect(selector);
                return;
            }
            String text = new String(in.array(), 0, in.position(), US_ASCII);
            int head = text.indexOf("\r\n\r\n");
            if (head < 0) {
                return;
            }
            Matcher contentLength = LENGTH.matcher(text);
            int end = head + 4 + (contentLength.find() ? Integer.parseInt(contentLength.group(1)) : 0);
            if (text.length() < end) {
                return;
            }
            answers++;
            if (text.length() > end) {
                wrong.merge("a second answer", 1L, Long::sum);
            }
            if (!text.startsWith("HTTP/1.1 201")) {
                wrong.merge("answered " + text.substring(9, 12), 1L, Long::sum);
            } else if (!isAnswered(text.substring(0, head), text.substring(head + 4, end))) {
                wrong.merge("another's answer", 1L, Long::sum);
            }
            in.clear();
            send();
        }
    }

    private final class Sender extends Client {

        private static final Pattern RECEIPT = Pattern.compile("\\{\"receipt\":\"([^\"]+)\",\"time\":\"[^\"]+\"}");

        private final String id;
        private final String code;
        private String text;

        Sender(String id, String code) {
            this.id = id;
            this.code = code;
        }

        @Override
        int port() {
            return service.messagePort();
        }

        @Override
        byte[] request(long number) {
            text = id + " says " + number;
            senders.put(text, id);
            return Connection.post("/message", Json.message(id, code, text));
        }

        @Override
        boolean isAnswered(String head, String body) {
            Matcher receipt = RECEIPT.matcher(body);
            return receipt.matches() && texts.put(receipt.group(1), text) == null;
        }
    }

    private final class Registrant extends Client {

        private final String name;
        private String id;

        Registrant(String name) {
            this.name = name;
        }

        @Override
        int port() {
            return service.registerPort();
        }

        @Override
        byte[] request(long number) {
            id = name + "." + number;
            return Connection.post("/register", Json.registration(id));
        }

        @Override
        boolean isAnswered(String head, String body) {
            return body.startsWith("{\"id\":\"" + id + "\",\"code\":\"");
        }
    }
}
