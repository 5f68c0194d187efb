package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes requests by the contract, and half of them wrong or unusual in a way or several. The same for the same seed, but for the
 * codes. In all of its strings a character is a byte.
 */
public final class FuzzGenerator {

    /** By name, what may be wrong. {@code @} stands for what would be right. */
    private static final Map<String, String[]> VALUES = values();

    private static final String ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    /** With which a writer or a reader of JSON or UTF-8 may have trouble. */
    private static final int[] CHARACTERS = {
        0, 7, '\b', '\t', '\n', 0xb, '\f', '\r', 0x1b, '"', '\\', '/', '\'', '<', '&', 0x7f, 0x80, 0x85, 0x9b, 0xa0,
        0xad, 0xe9, 0x61c, 0x5d0, 0x7ff, 0x800, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069,
        0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x1f600, 0xe0001, 0x10ffff
    };

    private final Random random;
    private final Oracle oracle;

    // the request that is being made
    private Optional<Oracle.Client> client;
    private String method;
    private String target;
    private String version;
    private String lineEnd;
    private String wrapper;
    private List<String> fields;
    private List<String[]> members;
    private String coding;
    private String length;
    private boolean isChunked;
    private int spoiledChunk;

    /** @param oracle knows ids and codes */
    public FuzzGenerator(Random random, Oracle oracle) {
        this.random = random;
        this.oracle = oracle;
    }

    private static Map<String, String[]> values() {
        Map<String, String[]> values = new HashMap<>();
        for (String line : lines("/fuzz-values.txt")) {
            String[] nameAndValues = line.translateEscapes().split("\\|", -1);
            values.put(
                    nameAndValues[0],
                    List.of(nameAndValues).subList(1, nameAndValues.length).toArray(String[]::new));
        }
        return values;
    }

    static List<String> lines(String resource) {
        try (var file = FuzzGenerator.class.getResourceAsStream(resource)) {
            return new String(file.readAllBytes(), UTF_8).lines().toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private String any(String name) {
        return one(VALUES.get(name));
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    /** Several, up to the first that may end the connection; sometimes one more. */
    String stream(String port) {
        StringBuilder stream = new StringBuilder();
        for (int left = 1 + random.nextInt(16); left > 0; left--) {
            String request = mangled(request(port));
            stream.append(request);
            List<OracleRequest> read = OracleRequest.read(port, request);
            if (read.size() != 1 || read.get(0).mayClose()) {
                left = chance(20) ? Math.min(left, 2) : 1;
            }
        }
        return stream.toString();
    }

    /** JSON, of a message mostly. */
    public String body() {
        request("message");
        return mangled(json());
    }

    private String request(String port) {
        client = oracle.any(random);
        method = "POST";
        version = "HTTP/1.1";
        lineEnd = "\r\n";
        wrapper = "@";
        fields = new ArrayList<>(List.of("Host: localhost"));
        members = new ArrayList<>();
        coding = "";
        length = "@";
        isChunked = chance(15);
        spoiledChunk = -1;
        int kind = random.nextInt(20); // 1: on the wrong port
        boolean isText = false;
        boolean isBasic = false;
        if (kind == 0) {
            method = "GET";
            target = "/health";
            isChunked &= chance(10);
        } else if (port.equals("register") == (kind != 1)) {
            target = kind < 12 ? "/register" : "/rotate";
            isBasic = kind > 17;
        } else {
            target = "/message";
            isText = kind < 6;
            isBasic = isText || kind > 17;
        }
        if (target.equals("/register")) {
            String id = chance(80) ? newId() : id();
            add("id", quoted(id));
            if (chance(30)) {
                fields.add("Idempotency-Key: registration-of-" + Integer.toHexString(id.hashCode()));
            }
        } else if (isBasic) {
            fields.add("Authorization: Basic " + base64(id() + ":" + code()));
        } else if (kind > 0) {
            add("id", quoted(id()));
            add("code", quoted(code()));
        }
        if (target.equals("/message")) {
            boolean isList = chance(25);
            add(isList ? "messages" : "message", isList ? list() : quoted(text()));
            if (chance(30)) {
                fields.add("Idempotency-Key: " + one("\"k\"", "k", "a", "\"b\"", "k" + random.nextInt(30)));
            }
        }
        boolean hasBody = !members.isEmpty();
        if (hasBody) {
            fields.add("Content-Type: " + (isText ? "text/plain" : "application/json"));
        }
        for (int times = chance(50) ? 0 : 1 + random.nextInt(3); times > 0; times--) {
            spoil();
        }
        Collections.shuffle(members, random);
        String body = !hasBody ? "" : isText ? text() : json();
        if (hasBody && chance(1)) {
            body += " ".repeat(Math.max(0, OracleRequest.BODY_LIMIT - 2 + random.nextInt(5) - body.length()));
        }
        return wire(body, hasBody);
    }

    private void add(String name, String value) {
        members.add(new String[] {'"' + name + '"', value});
    }

    /** Makes something of the request wrong, or unusual. */
    private void spoil() {
        switch (random.nextInt(22)) {
            case 0 -> method = any("method");
            case 1, 2 -> target = any("target").replace("@", target);
            case 3 -> version = any("version");
            case 4 -> lineEnd = any("line-end");
            case 5, 6 -> field("Content-Type", "");
            case 7 -> field("Content-Encoding", "");
            case 8 -> field("Host", "");
            case 9 -> fields.add(random.nextInt(fields.size() + 1), any("field"));
            case 10 -> fields.add("X-Pad: " + "a".repeat(7000 + random.nextInt(2500)));
            case 11 ->
                field("Authorization", base64(any("pair").replace("#", id()).replace("$", code())));
            case 12 -> field("Idempotency-Key", "k".repeat(random.nextInt(4) * 16 + random.nextInt(3)));
            case 13 -> coding = any("Transfer-Encoding");
            case 14 -> length = any("Content-Length");
            case 15 -> {
                isChunked = true;
                spoiledChunk = random.nextInt(3);
            }
            case 16 -> wrapper = any("wrapper");
            case 17 -> add(any("name"), chance(70) ? any("value") : quoted(text()));
            case 18 -> {
                int depth = 1 << random.nextInt(12);
                add(
                        "x",
                        chance(50)
                                ? "[".repeat(depth) + "]".repeat(depth)
                                : "{\"a\":".repeat(depth) + 1 + "}".repeat(depth));
            }
            default -> spoilMember();
        }
    }

    private void spoilMember() {
        if (!members.isEmpty()) {
            int which = random.nextInt(members.size());
            switch (random.nextInt(4)) {
                case 0 -> members.remove(which);
                case 1 -> members.add(members.get(which).clone());
                case 2 -> members.get(which)[0] = '"' + any("name") + '"';
                default -> members.get(which)[1] = any("value");
            }
        }
    }

    private void field(String name, String right) {
        fields.removeIf(line -> line.startsWith(name) && chance(80));
        if (chance(90)) {
            String value = any(name).replace("@", right);
            fields.add((chance(90) ? name : name.toUpperCase(Locale.ROOT))
                    + one(": ", ":", ":\t ")
                    + value
                    + one("", "", " \t"));
        }
    }

    private static String base64(String pair) {
        return Base64.getEncoder().encodeToString(pair.getBytes(ISO_8859_1));
    }

    private String newId() {
        int size = chance(92) ? 2 + random.nextInt(8) : random.nextInt(2) * 63 + 1 + random.nextInt(2);
        String id = random.ints(size, 0, ID.length())
                .mapToObj(i -> ID.substring(i, i + 1))
                .collect(Collectors.joining());
        return chance(95) ? id : id.substring(1) + any("byte");
    }

    private String id() {
        return client.filter(each -> chance(96)).map(each -> each.id).orElseGet(this::newId);
    }

    private String code() {
        String right = client.flatMap(
                        each -> each.next.filter(next -> chance(50)).or(() -> each.code))
                .orElse("none");
        return chance(94) ? right : one("", right + "a", right.substring(1), right.toLowerCase(Locale.ROOT), text());
    }

    private String text() {
        StringBuilder text = new StringBuilder(chance(3) ? Refusals.CANARY : "");
        for (int left = random.nextInt(200) > 0 ? random.nextInt(20) : 40_000; left > 0; left--) {
            text.appendCodePoint(chance(70) ? 'a' + random.nextInt(26) : CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        return bytes(text.toString());
    }

    private static String bytes(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    private String list() {
        int size = chance(99) ? 1 + random.nextInt(4) : random.nextInt(2) * 998 + random.nextInt(4);
        return IntStream.range(0, size)
                .mapToObj(i -> quoted(size > 9 ? "a" + i : text()))
                .collect(Collectors.joining(one(",", " , "), "[", "]"));
    }

    /** A string of JSON, with more escapes than it needs or as few as can be. */
    private String quoted(String bytes) {
        int escapes = random.nextInt(3) * 50;
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : new String(bytes.getBytes(ISO_8859_1), UTF_8).toCharArray()) {
            int letter = "\"\\/\b\f\n\r\t".indexOf(c);
            boolean mayBeRaw = c >= ' ' && c != '"' && c != '\\';
            if (mayBeRaw && (Character.isSurrogate(c) || !chance(escapes))) {
                quoted.append(c);
            } else if (letter >= 0 && chance(50)) {
                quoted.append('\\').append("\"\\/bfnrt".charAt(letter));
            } else {
                String digits = Integer.toHexString(0x10000 + c).substring(1);
                quoted.append("\\u").append(chance(50) ? digits : digits.toUpperCase(Locale.ROOT));
            }
        }
        return bytes(quoted.append('"').toString());
    }

    private String json() {
        String object =
                members.stream().map(each -> each[0] + ":" + each[1]).collect(Collectors.joining(",", "{", "}"));
        return wrapper.replace("@", object);
    }

    private String wire(String body, boolean hasBody) {
        if (isChunked || !coding.isEmpty()) {
            fields.add("Transfer-Encoding: " + (coding.isEmpty() ? "chunked" : coding));
        }
        if (!length.equals("@") || hasBody && !isChunked) {
            fields.add("Content-Length: " + length.replace("@", "" + body.length()));
        }
        String head =
                method + " " + target + " " + version + lineEnd + String.join(lineEnd, fields) + lineEnd + lineEnd;
        return head + (isChunked ? chunks(body) : body);
    }

    private String chunks(String body) {
        StringBuilder chunks = new StringBuilder();
        int chunk = 0;
        for (int at = 0; at < body.length(); chunk++) {
            int size = Math.min(body.length() - at, 1 + random.nextInt(chance(50) ? 20 : 70_000));
            String hex = Integer.toHexString(size);
            boolean isSpoiled = chunk == spoiledChunk;
            chunks.append(isSpoiled && chance(70) ? any("chunk-size").replace("@", hex) : hex.toUpperCase(Locale.ROOT));
            chunks.append(isSpoiled && chance(20) ? "\n" : "\r\n").append(body, at, at + size);
            chunks.append(isSpoiled && chance(20) ? any("chunk-end") : "\r\n");
            at += size;
        }
        return chunks.append(chunk <= spoiledChunk ? any("last-chunk") : "0\r\n")
                .append("\r\n")
                .toString();
    }

    /** As it is, or with some bytes changed, moved, doubled or cut off. */
    private String mangled(String request) {
        StringBuilder mangled = new StringBuilder(request);
        for (int times = chance(88) ? 0 : 1 + random.nextInt(3); times > 0 && !mangled.isEmpty(); times--) {
            int at = random.nextInt(chance(50) ? Math.min(mangled.length(), 60) : mangled.length());
            switch (random.nextInt(6)) {
                case 0, 1 -> mangled.setCharAt(at, any("byte").charAt(0));
                case 2 -> mangled.insert(at, any("byte"));
                case 3 -> mangled.delete(at, at + random.nextInt(4));
                case 4 ->
                    mangled.insert(
                            random.nextInt(mangled.length()),
                            mangled.substring(at, Math.min(mangled.length(), at + 1 + random.nextInt(40))));
                default -> mangled.setLength(at);
            }
        }
        return mangled.toString();
    }
}
