package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request as the contract and RFC 9110, 9112, 7617 and 8259 read its bytes. Written from them, without a look at the server's
 * parsers: a second reading, to which the server's is compared. Where the RFCs let a server refuse or mend, it must refuse.
 */
public final class OracleRequest {

    static final String MALFORMED = "400 malformed-request";
    static final String INVALID_ID = "400 invalid-id";
    static final String NO_CREDENTIALS = "401 credentials-missing";
    static final String WRONG_CODE = "403 wrong-code";
    static final String NOT_FOUND = "404 not-found";
    static final String METHOD = "405 method-not-allowed";
    public static final String BODY_TOO_LARGE = "413 body-too-large";
    static final String MEDIA = "415 unsupported-media-type";
    static final String HEAD_TOO_LARGE = "431 headers-too-large";

    private static final Map<String, Set<String>> PATHS =
            Map.of("register", Set.of("/register", "/rotate", "/health"), "message", Set.of("/message", "/health"));

    /** How much of it stands there. CUT: more was to come. NOTHING: line ends, which need no answer. */
    enum Extent {
        NOTHING,
        WHOLE,
        CUT,
        BROKEN_BODY,
        BROKEN_HEAD
    }

    private static final Pattern EMPTY_LINE = Pattern.compile("\\r?\\n\\r?\\n");
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern REQUEST_LINE = Pattern.compile("(" + TOKEN + ") ([!-~\\x80-\\xff]+) HTTP/1\\.([0-9])");
    private static final Pattern FIELD =
            Pattern.compile("(" + TOKEN + "):[ \\t]*([^\\x00-\\x08\\x0a-\\x1f\\x7f]*?)[ \\t]*");
    private static final Pattern HOST = Pattern.compile("([A-Za-z0-9.-]+|\\[::1])(:[0-9]{1,5})?");
    private static final Pattern ABSOLUTE = Pattern.compile("(?is)https?://([^/?#]*)(.*)");
    private static final Pattern PLAIN_PATH = Pattern.compile("/[A-Za-z0-9._~!$&'()*+,=:@-]*/?");
    private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]+)([ \\t;][^\\r\\n]*)?");
    private static final String EXTENSIONS = "(;" + TOKEN + "(=(" + TOKEN + "|\"[^\"\\\\]*\"))?)*";
    private static final Pattern MEDIA_TYPE = Pattern.compile("(?s)(" + TOKEN + "/" + TOKEN + ")((?:[ \\t]*;[ \\t]*(?:"
            + TOKEN + "=(?:" + TOKEN + "|\"(?:[^\"\\\\]|\\\\.)*\"))?)*)");
    private static final Pattern CHARSET = Pattern.compile("(?i);[ \\t]*charset=\"?([^;\"]*)");
    private static final Pattern BASIC = Pattern.compile("(?is)basic(?: +(.*))?");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final int HEAD_LIMIT = 8192;
    private static final int HEAD_SLACK = 600; // the limit is Jetty's, and not of the contract
    static final int BODY_LIMIT = 65_536;

    /** It must be refused, with one of these or of the doubts. */
    public final Set<String> faults = new TreeSet<>();
    /** It may be refused with one of these. */
    public final Set<String> doubts = new TreeSet<>();

    Extent extent = Extent.WHOLE;
    /** The connection ends with its answer. */
    boolean closes;
    /** Where the next one begins. */
    int end;

    String method = "";
    String path = "";
    public Optional<String> id = Optional.empty();
    public Optional<String> code = Optional.empty();
    Optional<String> key = Optional.empty();
    public List<String> texts = List.of();
    public boolean isList;

    private final Set<String> paths;
    private final String wire;
    private final Map<String, List<String>> fields = new HashMap<>();
    private final StringBuilder body = new StringBuilder();
    private boolean isVersion10;
    private boolean isBodyTooLarge;
    private boolean isBasic;

    private OracleRequest(Set<String> paths, String wire, int start) {
        this.paths = paths;
        this.wire = wire;
        end = start;
    }

    /**
     * All that were sent over a connection; of the last one perhaps a part.
     *
     * @param port "register" or "message"
     * @param wire a character is a byte
     */
    public static List<OracleRequest> read(String port, String wire) {
        List<OracleRequest> requests = new ArrayList<>();
        for (int at = 0; at < wire.length(); at = requests.get(requests.size() - 1).end) {
            OracleRequest request = new OracleRequest(PATHS.get(port), wire, at);
            if (request.readHead()) {
                request.readBody();
                request.readMeaning();
            } else {
                request.faults.add(MALFORMED);
            }
            requests.add(request);
        }
        return requests;
    }

    private boolean stop(Extent why) {
        extent = why;
        end = wire.length();
        closes = true;
        return false;
    }

    // RFC 9112: the head

    private boolean readHead() {
        for (; wire.startsWith("\n", end) || wire.startsWith("\r\n", end); end += wire.charAt(end) == '\n' ? 1 : 2) {
            doubts.add(MALFORMED); // 2.2: empty lines before it may be skipped
        }
        Matcher emptyLine = EMPTY_LINE.matcher(wire);
        boolean isWhole = emptyLine.find(end);
        int headEnd = isWhole ? emptyLine.start() : wire.length();
        String head = wire.substring(end, headEnd);
        if (head.length() > HEAD_LIMIT - HEAD_SLACK) {
            (head.length() > HEAD_LIMIT + HEAD_SLACK ? faults : doubts).add(HEAD_TOO_LARGE);
        }
        method = head.startsWith("HEAD ") ? "HEAD" : ""; // whose answer has no body, whatever follows
        if (!isWhole) {
            return stop(head.matches("\r?") ? Extent.NOTHING : Extent.CUT);
        }
        end = emptyLine.end();
        String[] lines = head.split("\r?\n");
        if (wire.substring(headEnd, end).length() < 4 || head.matches("(?s)(.*[^\r])?\n.*")) {
            doubts.add(MALFORMED); // 2.2: a line feed alone may end a line
        }
        Matcher start = REQUEST_LINE.matcher(lines[0]);
        if (!start.matches()) {
            return stop(Extent.BROKEN_HEAD);
        }
        method = start.group(1);
        isVersion10 = start.group(3).equals("0");
        readTarget(start.group(2));
        for (int i = 1; i < lines.length; i++) {
            Matcher field = FIELD.matcher(lines[i]);
            if (!field.matches()) {
                return stop(Extent.BROKEN_HEAD);
            }
            fields.computeIfAbsent(field.group(1).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                    .add(field.group(2));
        }
        return checkFields();
    }

    private void readTarget(String target) {
        Matcher absolute = ABSOLUTE.matcher(target);
        boolean isAbsolute = absolute.matches();
        String rest = isAbsolute ? absolute.group(2) : target;
        path = rest.replaceFirst("(?s)[?#].*", "");
        if (isAbsolute ? !HOST.matcher(absolute.group(1)).matches() : !target.startsWith("/")) {
            faults.addAll(List.of(MALFORMED, NOT_FOUND));
        }
        if (method.equals("CONNECT")) {
            faults.add(MALFORMED);
        }
        if (!PLAIN_PATH.matcher(path).matches() || rest.contains("#") || !target.matches("[!-~]*")) {
            doubts.addAll(List.of(MALFORMED, NOT_FOUND));
            path = normal(path);
        }
        if (!paths.contains(path)) {
            faults.add(NOT_FOUND);
        } else if (!method.equals(isHealth() ? "GET" : "POST")) {
            (isHealth() && method.equals("HEAD") ? doubts : faults).add(METHOD);
        }
    }

    /** RFC 3986, 6.2.2; without parameters. */
    private static String normal(String path) {
        try {
            return Objects.toString(
                    URI.create(path.replaceAll(";[^/]*", "")).normalize().getPath(), "");
        } catch (IllegalArgumentException e) {
            return path;
        }
    }

    boolean mayClose() {
        return closes
                || !values("expect").isEmpty()
                || faults.contains(HEAD_TOO_LARGE)
                || faults.contains(BODY_TOO_LARGE);
    }

    boolean isRegistration() {
        return path.equals("/register");
    }

    private boolean isHealth() {
        return path.equals("/health");
    }

    private List<String> values(String field) {
        return fields.getOrDefault(field, List.of());
    }

    private boolean checkFields() {
        List<String> hosts = values("host");
        boolean isHost = hosts.size() == 1 && HOST.matcher(hosts.get(0)).matches();
        if (!isHost && !(isVersion10 && hosts.isEmpty())) {
            boolean isOdd = hosts.size() == 1 && hosts.get(0).matches("[A-Za-z0-9._~!$&'()*+,;=%:\\[\\]-]*");
            (isOdd ? doubts : faults).add(MALFORMED);
        }
        if (!isVersion10 && !values("expect").stream().allMatch(each -> each.matches("(?i)(100-continue)?"))) {
            faults.add(MALFORMED);
        }
        String options = ","
                + String.join(",", values("connection")).replaceAll("[ \t]", "").toLowerCase(Locale.ROOT) + ",";
        closes = options.contains(",close,") || isVersion10 && !options.contains(",keep-alive,");
        List<String> codings = values("transfer-encoding");
        List<String> lengths = values("content-length");
        boolean isFramed = codings.isEmpty()
                ? lengths.isEmpty() || lengths.size() == 1 && lengths.get(0).matches("[0-9]{1,18}")
                : codings.size() == 1
                        && codings.get(0).equalsIgnoreCase("chunked")
                        && lengths.isEmpty()
                        && !isVersion10;
        return isFramed || stop(Extent.BROKEN_HEAD);
    }

    // RFC 9112, 6 and 7: the body

    private void readBody() {
        if (!values("transfer-encoding").isEmpty()) {
            readChunks();
        } else if (!values("content-length").isEmpty()) {
            take(Long.parseLong(values("content-length").get(0)));
        }
    }

    /** Whether so much was there. */
    private boolean take(long length) {
        isBodyTooLarge |= body.length() + length > BODY_LIMIT;
        if (length > wire.length() - end) {
            return stop(Extent.CUT);
        }
        body.append(wire, end, end + (int) length);
        end += (int) length;
        return true;
    }

    private void readChunks() {
        for (long size = -1; size != 0; ) {
            Optional<String> line = line();
            if (line.isEmpty()) {
                return;
            }
            Matcher chunk = CHUNK.matcher(line.get());
            if (!chunk.matches()) {
                stop(Extent.BROKEN_BODY);
                return;
            }
            String digits = chunk.group(1).replaceFirst("^0+(?=.)", "");
            if (chunk.group(1).length() > 7
                    || !Objects.toString(chunk.group(2), "").matches(EXTENSIONS)) {
                doubts.add(MALFORMED);
            }
            size = digits.length() > 12 ? Long.MAX_VALUE / 2 : Long.parseLong(digits, 16);
            if (size > 0 && !(take(size) && endsChunk())) {
                return;
            }
        }
        for (Optional<String> trailer = line(); !trailer.equals(Optional.of("")); trailer = line()) {
            if (trailer.isEmpty()) {
                return;
            }
            if (!FIELD.matcher(trailer.get()).matches()) {
                stop(Extent.BROKEN_BODY);
                return;
            }
        }
    }

    private Optional<String> line() {
        int lineEnd = wire.indexOf("\r\n", end);
        if (lineEnd < 0) {
            stop(Extent.CUT);
            return Optional.empty();
        }
        String line = wire.substring(end, lineEnd);
        end = lineEnd + 2;
        return Optional.of(line);
    }

    private boolean endsChunk() {
        String after = wire.substring(end, Math.min(end + 2, wire.length()));
        end += after.length();
        return after.equals("\r\n") || stop("\r\n".startsWith(after) ? Extent.CUT : Extent.BROKEN_BODY);
    }

    // the contract

    private void readMeaning() {
        boolean isPost = paths.contains(path) && !isHealth() && method.equals("POST");
        if (isBodyTooLarge) {
            (isPost ? faults : doubts).add(BODY_TOO_LARGE);
        }
        if (extent != Extent.WHOLE) {
            (isHealth() ? doubts : faults).add(MALFORMED);
        }
        if (!isPost) {
            return;
        }
        if (!values("content-encoding").isEmpty()) {
            faults.add(MEDIA);
        }
        if (!path.equals("/rotate") && !values("idempotency-key").isEmpty()) {
            readKey(values("idempotency-key"));
        }
        if (!isRegistration() && !values("authorization").isEmpty()) {
            readBasic(values("authorization"));
        }
        readEntity();
    }

    private void readKey(List<String> values) {
        key = Optional.of(values.get(0).replaceFirst("(?s)^\"(.*)\"\\z", "$1"));
        if (values.size() > 1 || !key.get().matches(isRegistration() ? "[!-~]{16,64}" : "[!-~]{1,64}")) {
            faults.add(MALFORMED);
        }
    }

    private void readBasic(List<String> values) {
        Matcher basic = BASIC.matcher(values.get(0));
        isBasic = basic.matches();
        if (!isBasic) {
            return;
        }
        if (values.size() > 1) {
            faults.add(MALFORMED);
        }
        try {
            String token = Objects.toString(basic.group(1), "");
            byte[] decoded = Base64.getDecoder().decode(token.getBytes(ISO_8859_1));
            if (!Base64.getEncoder().encodeToString(decoded).equals(token)) {
                doubts.add(WRONG_CODE); // RFC 4648, 3.2 and 3.5: without its padding, or with bits left over
            }
            String[] pair = utf8(decoded).split(":", 2);
            if (pair.length == 2 && ID.matcher(pair[0]).matches()) {
                id = Optional.of(pair[0]);
                code = Optional.of(pair[1]);
                return;
            }
        } catch (IllegalArgumentException | CharacterCodingException e) {
            // as below
        }
        faults.add(WRONG_CODE);
    }

    private static String utf8(byte[] bytes) throws CharacterCodingException {
        return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    private void readEntity() {
        String type = mediaType();
        boolean isText = type.equals("text/plain") && path.equals("/message");
        if (isBasic && path.equals("/rotate") && extent == Extent.WHOLE && body.isEmpty()) {
            if (!type.equals("application/json") && !values("content-type").isEmpty()) {
                doubts.add(MEDIA);
            }
            return;
        }
        if (!isText && !type.equals("application/json")) {
            faults.add(MEDIA);
            return;
        }
        if (isText && !isBasic) {
            faults.add(NO_CREDENTIALS);
        }
        if (extent != Extent.WHOLE) {
            return;
        }
        try {
            String text = utf8(body.toString().getBytes(ISO_8859_1));
            if (isText) {
                texts = List.of(text);
            } else {
                readMembers(members(text));
            }
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            faults.add(MALFORMED);
        }
    }

    /** In lower case; empty where there is none in UTF-8. */
    private String mediaType() {
        List<String> values = values("content-type");
        Matcher type = MEDIA_TYPE.matcher(values.isEmpty() ? "" : values.get(0));
        if (values.size() != 1 || !type.matches()) {
            return "";
        }
        List<String> charsets = CHARSET.matcher(type.group(2))
                .results()
                .map(each -> each.group(1))
                .toList();
        boolean isUtf8 =
                charsets.isEmpty() || charsets.size() == 1 && charsets.get(0).equalsIgnoreCase("utf-8");
        return isUtf8 ? type.group(1).toLowerCase(Locale.ROOT) : "";
    }

    /** Strings, lists of such values, or this request in place of anything else. */
    private Map<String, Object> members(String text) throws IOException {
        check(!text.startsWith("\ufeff")); // the library skips it
        JsonReader json = new JsonReader(new StringReader(text));
        json.setStrictness(Strictness.STRICT);
        json.setNestingLimit(BODY_LIMIT);
        Map<String, Object> members = new HashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            check(members.put(checkText(json.nextName()), value(json)) == null);
        }
        json.endObject();
        check(json.peek() == JsonToken.END_DOCUMENT);
        return members;
    }

    private Object value(JsonReader json) throws IOException {
        JsonToken token = json.peek();
        if (token == JsonToken.STRING) {
            return checkText(json.nextString());
        }
        List<Object> values = new ArrayList<>();
        if (token == JsonToken.BEGIN_ARRAY) {
            json.beginArray();
            while (json.hasNext()) {
                values.add(value(json));
            }
            json.endArray();
            return values;
        }
        if (token == JsonToken.BEGIN_OBJECT) {
            json.beginObject();
            while (json.hasNext()) {
                checkText(json.nextName());
                value(json);
            }
            json.endObject();
        } else {
            json.skipValue();
        }
        return this;
    }

    private static String checkText(String text) {
        check(text.codePoints().noneMatch(c -> Character.MIN_SURROGATE <= c && c <= Character.MAX_SURROGATE));
        return text;
    }

    private static void check(boolean isJson) {
        if (!isJson) {
            throw new IllegalStateException();
        }
    }

    private void readMembers(Map<String, Object> members) {
        if (!isBasic) {
            id = string(members.get("id"));
            code = isRegistration() ? Optional.empty() : string(members.get("code"));
            if (id.isPresent() && !ID.matcher(id.get()).matches()) {
                faults.add(INVALID_ID);
            }
        } else if (members.containsKey("id") || members.containsKey("code")) {
            faults.add(MALFORMED);
        }
        if (path.equals("/message")) {
            isList = members.containsKey("messages");
            if (!isList) {
                texts = string(members.get("message")).stream().toList();
            } else if (members.get("messages") instanceof List<?> list && !list.isEmpty() && list.size() <= 1000) {
                texts = list.stream()
                        .map(this::string)
                        .flatMap(Optional::stream)
                        .toList();
            } else {
                faults.add(MALFORMED);
            }
            if (isList && members.containsKey("message")) {
                faults.add(MALFORMED);
            }
        }
    }

    /** What a member must be. */
    private Optional<String> string(Object value) {
        if (value instanceof String string) {
            return Optional.of(string);
        }
        faults.add(MALFORMED);
        return Optional.empty();
    }
}
