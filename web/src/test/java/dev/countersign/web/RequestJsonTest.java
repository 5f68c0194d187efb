package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A request is JSON to the letter of RFC 8259, and an object of the contract; all else is malformed. */
final class RequestJsonTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    private static String code;

    @BeforeAll
    static void registerTheSender() throws IOException {
        code = server.service().register("sender");
    }

    static Stream<Arguments> malformedRegistrations() {
        return Stream.of(
                malformed("nothing", ""),
                malformed("blanks", " \r\n\t "),
                malformed("an array", "[\"c4n4ry\"]"),
                malformed("a string", "\"c4n4ry\""),
                malformed("a number", "42"),
                malformed("null", "null"),
                malformed("no member", "{}"),
                malformed("other members only", "{\"ID\":\"c4n4ry\",\"name\":\"c4n4ry\"}"),
                malformed("null for the id", "{\"id\":null}"),
                malformed("a number for the id", "{\"id\":42}"),
                malformed("a boolean for the id", "{\"id\":true}"),
                malformed("an object for the id", "{\"id\":{\"c4n4ry\":1}}"),
                malformed("an array for the id", "{\"id\":[\"c4n4ry\"]}"),
                malformed("a duplicate", "{\"id\":\"c4n4ry\",\"id\":\"c4n4ry\"}"),
                malformed("a duplicate in other letters", "{\"id\":\"c4n4ry\",\"\\u0069d\":\"c4n4ry\"}"),
                malformed("a duplicate that is ignored", "{\"c4n4ry\":1,\"id\":\"c4n4ry\",\"c4n4ry\":2}"),
                malformed("a second object behind it", "{\"id\":\"c4n4ry\"}{}"),
                malformed("a word behind it", "{\"id\":\"c4n4ry\"} c4n4ry"),
                malformed("a NUL behind it", "{\"id\":\"c4n4ry\"}\u0000"),
                malformed("a comma behind it", "{\"id\":\"c4n4ry\"},"),
                malformed("no end", "{\"id\":\"c4n4ry\""),
                malformed("no end of a string", "{\"id\":\"c4n4ry"),
                malformed("a comma too many", "{\"id\":\"c4n4ry\",}"),
                malformed("a comma too few", "{\"id\":\"c4n4ry\" \"x\":1}"),
                malformed("single quotes", "{'id':'c4n4ry'}"),
                malformed("no quotes", "{id:\"c4n4ry\"}"),
                malformed("an equals sign", "{\"id\"=\"c4n4ry\"}"),
                malformed("a semicolon", "{\"id\":\"c4n4ry\";\"x\":1}"),
                malformed("a comment", "{\"id\":\"c4n4ry\" /* c4n4ry */}"),
                malformed("a comment at the end", "{\"id\":\"c4n4ry\"} // c4n4ry"),
                malformed("a comment at the start", "# c4n4ry\n{\"id\":\"c4n4ry\"}"),
                malformed("a guard against scripts", ")]}'\n{\"id\":\"c4n4ry\"}"),
                malformed("a blank that is none", "\u000b{\"id\":\"c4n4ry\"}"),
                malformed("half a surrogate pair, escaped", "{\"id\":\"c4n4ry\\ud83d\"}"),
                malformed("a pair the wrong way round", "{\"id\":\"c4n4ry\\ude00\\ud83d\"}"),
                malformed("half a pair in what is ignored", "{\"id\":\"c4n4ry\",\"x\":\"\\udc00\"}"),
                malformed("half a pair in a name", "{\"id\":\"c4n4ry\",\"\\udc00\":1}"),
                malformed("half a pair in UTF-8", bytes("{\"id\":\"c4n4ry\",\"x\":\"\u00ed\u00a0\u00bd\"}")),
                malformed("a byte that is no UTF-8", bytes("{\"id\":\"c4n4ry\u00ff\"}")),
                malformed("an overlong form", bytes("{\"id\":\"c4n4ry\",\"x\":\"\u00c0\u00af\"}")),
                malformed("a sequence cut short", bytes("{\"id\":\"c4n4ry\",\"x\":\"\u00e2\u0082\"}")),
                malformed("beyond Unicode", bytes("{\"id\":\"c4n4ry\",\"x\":\"\u00f4\u0090\u0080\u0080\"}")),
                malformed("Latin-1", bytes("{\"id\":\"c4n4ry\",\"x\":\"caf\u00e9\"}")),
                malformed("UTF-16", "{\"id\":\"c4n4ry\"}".getBytes(UTF_16BE)),
                malformedIgnored("NaN", "NaN"),
                malformedIgnored("Infinity", "-Infinity"),
                malformedIgnored("a leading zero", "01"),
                malformedIgnored("a bare point", "1."),
                malformedIgnored("a plus", "+1"),
                malformedIgnored("hexadecimal", "0x1"),
                malformedIgnored("a minus alone", "-"),
                malformedIgnored("True", "True"),
                malformedIgnored("half a null", "nul"),
                malformedIgnored("undefined", "undefined"),
                malformedIgnored("two values", "1 2"),
                malformedIgnored("no value", ""),
                malformedIgnored("a hole in an array", "[1,,2]"),
                malformedIgnored("a comma that ends an array", "[1,]"),
                malformedIgnored("a raw newline", "\"c4n4ry\n\""),
                malformedIgnored("a raw tab", "\"c4n4ry\t\""),
                malformedIgnored("a raw NUL", "\"c4n4ry\u0000\""),
                malformedIgnored("a raw escape character", "\"c4n4ry\u001b[2J\""),
                malformedIgnored("an escape that is none", "\"\\x41\""),
                malformedIgnored("an escaped single quote", "\"\\'\""),
                malformedIgnored("a short escape", "\"\\u12\""),
                malformedIgnored("an escape that is not hexadecimal", "\"\\uc4n4\""),
                malformedIgnored("a digit that only ends as one does", "\"\\u004\u0131\""),
                malformed("such a digit in a name", "{\"id\":\"c4n4ry\",\"\\u004\u0131\":1}"),
                malformed("such a digit in the id", "{\"id\":\"\\u006\u0131\"}"),
                malformed("a byte order mark", "\ufeff{\"id\":\"c4n4ry\"}"),
                malformedIgnored("deep nesting without an end", "[".repeat(30_000)));
    }

    private static Arguments malformed(String what, String json) {
        return malformed(what, json.getBytes(UTF_8));
    }

    private static Arguments malformed(String what, byte[] json) {
        return argumentSet(what, (Object) json);
    }

    private static Arguments malformedIgnored(String what, String value) {
        return malformed(what + ", ignored", "{\"id\":\"c4n4ry\",\"ignored\":" + value + "}");
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(ISO_8859_1);
    }

    @ParameterizedTest
    @MethodSource("malformedRegistrations")
    void whatIsNoObjectOfTheContractIsMalformed(byte[] json) throws IOException {
        Answer answer = Service.post(server.registerPort(), "/register", json);

        assertRefused(400, "malformed-request", answer);
    }

    /** The parser takes a long body in pieces of 32,768 characters: the first ends in the midst of what is wrong. */
    @ParameterizedTest
    @MethodSource("malformedRegistrations")
    void whatIsMalformedIsSoBehindManyBlanks(byte[] json) throws IOException {
        int blanks = 32_768 - Math.min(json.length, 20);
        byte[] body = new byte[blanks + json.length];
        Arrays.fill(body, (byte) ' ');
        System.arraycopy(json, 0, body, blanks, json.length);

        assertRefused(400, "malformed-request", Service.post(server.registerPort(), "/register", body));
    }

    static Stream<Arguments> malformedMessages() {
        return Stream.of(
                argumentSet("no message", "{\"id\":\"sender\",\"code\":\"CODE\"}"),
                argumentSet("no code", "{\"id\":\"sender\",\"message\":\"c4n4ry\"}"),
                argumentSet("no id", "{\"code\":\"CODE\",\"message\":\"c4n4ry\"}"),
                argumentSet("null for the message", "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":null}"),
                argumentSet("a number for the message", "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":42}"),
                argumentSet("a number for the code", "{\"id\":\"sender\",\"code\":42,\"message\":\"c4n4ry\"}"),
                argumentSet(
                        "two messages", "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":\"a\",\"message\":\"b\"}"),
                argumentSet("two codes", "{\"code\":\"x\",\"id\":\"sender\",\"code\":\"CODE\",\"message\":\"c4n4ry\"}"),
                argumentSet(
                        "half a surrogate pair in the message",
                        "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":\"c4n4ry\\ud83d\"}"),
                argumentSet(
                        "half a surrogate pair in the code",
                        "{\"id\":\"sender\",\"code\":\"CODE\\ud83d\",\"message\":\"c4n4ry\"}"),
                argumentSet("a raw newline", "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":\"c4n4ry\n\"}"),
                argumentSet("something behind it", "{\"id\":\"sender\",\"code\":\"CODE\",\"message\":\"c4n4ry\"}]"));
    }

    @ParameterizedTest
    @MethodSource("malformedMessages")
    void aMalformedMessageIsNotLoggedThoughItsCodeIsRight(String json) throws IOException {
        Answer answer = server.service().postMessage(json.replace("CODE", code));

        assertRefused(400, "malformed-request", answer);
        assertEquals(0, server.log().size());
    }

    static Stream<Arguments> unusualRegistrations() {
        return Stream.of(
                argumentSet("blanks around it", " \r\n\t{ \"id\" : \"unusual-1\" }\r\n\t "),
                argumentSet("escapes in a name", "{\"\\u0069\\u0064\":\"unusual-2\"}"),
                argumentSet("escapes in a value", "{\"id\":\"unusual-\\u0033\"}"),
                argumentSet("an ignored member without a name", "{\"\":1,\"id\":\"unusual-4\"}"),
                argumentSet(
                        "ignored members of any type", "{\"a\":null,\"b\":[1,-2.5e+3,true,{}],\"id\":\"unusual-5\"}"),
                argumentSet(
                        "an ignored pair of surrogates", "{\"id\":\"unusual-6\",\"x\":\"\\ud83d\\ude00\ud83d\ude00\"}"),
                argumentSet("the replacement character", "{\"id\":\"unusual-7\",\"x\":\"\ufffd\"}"),
                argumentSet("an ignored number beyond a double", "{\"id\":\"unusual-8\",\"x\":1e999}"),
                argumentSet("an ignored number, long", "{\"id\":\"unusual-12\",\"x\":" + "9".repeat(60_000) + "}"),
                argumentSet(
                        "an ignored member's name, long", "{\"id\":\"unusual-13\",\"" + "x".repeat(60_000) + "\":1}"),
                argumentSet("an escaped backslash before a u", "{\"id\":\"unusual-14\",\"x\":\"\\\\u004\u0131\"}"),
                argumentSet("ignored arrays, deep", deep("unusual-9", "[", "]")),
                argumentSet(
                        "ignored objects, deep",
                        deep("unusual-10", "{\"x\":", "}").replace("{\"x\":}", "{\"x\":0}")),
                argumentSet("DEL and line separators raw", "{\"id\":\"unusual-11\",\"x\":\"\u007f\u2028\u2029\"}"));
    }

    private static String deep(String id, String open, String close) {
        int depth = 60_000 / (open.length() + close.length());
        return "{\"id\":\"" + id + "\",\"x\":" + open.repeat(depth) + close.repeat(depth) + "}";
    }

    @ParameterizedTest
    @MethodSource("unusualRegistrations")
    void whatIsUnusualButJsonIsTaken(String json) throws IOException {
        Answer answer = server.service().postRegister(json);

        assertEquals(201, answer.status(), answer::text);
    }

    @Test
    void idsThatWereOnlyEverSentMalformedAreStillFree() throws IOException {
        for (String json :
                new String[] {"{\"id\":\"free\",}", "{\"id\":\"free\"}x", "{\"id\":\"free\",\"id\":\"free\"}"}) {
            assertRefused(400, "malformed-request", server.service().postRegister(json));
        }

        assertEquals(201, server.service().postRegister("{\"id\":\"free\"}").status());
    }
}
