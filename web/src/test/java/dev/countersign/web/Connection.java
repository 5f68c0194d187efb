package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A connection on which anything can be said, HTTP or not, byte by byte. For one thread at a time. */
final class Connection implements AutoCloseable {

    private static final int SILENCE_MILLIS = 20_000; // a server that says nothing for so long has failed the test

    private final Socket socket;
    private final InputStream in;

    Connection(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(SILENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    static byte[] post(String path, String json) {
        return post(path, json.getBytes(UTF_8));
    }

    static byte[] post(String path, byte[] json) {
        return request("POST " + path, "Content-Type: application/json\r\nContent-Length: " + json.length, json);
    }

    /** @param header a line more, or lines, without the last one's end */
    static byte[] post(String path, String header, String json) {
        byte[] body = json.getBytes(UTF_8);
        return request(
                "POST " + path,
                "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n" + header,
                body);
    }

    /** One without a body, and with no header but {@code Host}. */
    static byte[] request(String methodAndPath) {
        return bytes(methodAndPath + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    /** @param headers without the last line's end; {@code Host} is there already */
    static byte[] request(String methodAndPath, String headers, byte[] body) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(bytes(methodAndPath + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n"));
        request.writeBytes(body);
        return request.toByteArray();
    }

    /** Each character as the byte of its number. */
    static byte[] bytes(String latin1) {
        return latin1.getBytes(ISO_8859_1);
    }

    void send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(byte[] bytes, int from, int to) throws IOException {
        socket.getOutputStream().write(bytes, from, to - from);
    }

    /** Tells the server that nothing more will come, as a client does that was cut off. */
    void endOfSending() throws IOException {
        socket.shutdownOutput();
    }

    Answer exchange(byte[] request) throws IOException {
        send(request);
        return receive();
    }

    Answer receive() throws IOException {
        return receive(true);
    }

    /** Whether some of an answer has come. */
    boolean hasAnswer() throws IOException {
        return in.available() > 0;
    }

    /** The answer to a HEAD: its Content-Length speaks of a body that does not come. */
    Answer receiveWithoutBody() throws IOException {
        return receive(false);
    }

    /** Waits for answers and forgets what has come of them: so many bytes. */
    int discardAnswers() throws IOException {
        int bytes = in.read(new byte[64 * 1024]);
        if (bytes < 0) {
            throw new EOFException("closed by the server");
        }
        return bytes;
    }

    /** All that stands on the wire until the server closes the connection. */
    String receiveToTheEnd() throws IOException {
        return new String(in.readAllBytes(), ISO_8859_1);
    }

    private Answer receive(boolean hasBody) throws IOException {
        String statusLine = readLine();
        int status = Integer.parseInt(statusLine.split(" ", 3)[1]);
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            String[] nameAndValue = line.split(": ?", 2);
            headers.computeIfAbsent(nameAndValue[0], name -> new ArrayList<>()).add(nameAndValue[1]);
        }
        HttpHeaders parsed = HttpHeaders.of(headers, (name, value) -> true);
        int length = hasBody ? (int) parsed.firstValueAsLong("Content-Length").orElse(0) : 0;
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("closed within a body");
        }
        return new Answer(status, parsed, body);
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("closed by the server");
            }
            line.append((char) c);
        }
        return line.substring(0, line.length() - 1); // the carriage return
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
