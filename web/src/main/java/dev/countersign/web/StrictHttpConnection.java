package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.BufferUtil;

/**
 * A connection that reads HTTP/1 as RFC 9112 has it where Jetty 12.1 doesn't. {@link HttpConnection} lies in a package
 * that Jetty calls internal: when Jetty is updated, StrictHttpTest tells which of it is still needed.
 * What it keeps belongs to the thread that reads the connection.
 */
abstract class StrictHttpConnection extends HttpConnection {

    private static final Pattern ABSOLUTE = Pattern.compile("https?://[^/?#]", Pattern.CASE_INSENSITIVE);

    /** Set by {@link #newRequestHandler}, which the constructor of Jetty's class calls: an initial value would undo it. */
    private RequestHandler requests;

    StrictHttpConnection(HttpConfiguration http, Connector connector, EndPoint endPoint) {
        super(http, connector, endPoint);
    }

    @Override
    protected RequestHandler newRequestHandler() {
        requests = new StrictRequests();
        return requests;
    }

    @Override
    protected HttpParser newHttpParser(HttpCompliance compliance) {
        HttpParser parser = new StrictParser(requests, getHttpConfiguration().getRequestHeaderSize(), compliance);
        parser.setHeaderCacheSize(getHttpConfiguration().getHeaderCacheSize());
        parser.setHeaderCacheCaseSensitive(getHttpConfiguration().isHeaderCacheCaseSensitive());
        return parser;
    }

    /** Where a request line is refused, Jetty calls the method "BAD"; of a HEAD the refusal must not have a body. */
    @Override
    protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
        boolean isHead = method.equals("BAD") && isReadingHead();
        return super.newHttpStream(isHead ? HttpMethod.HEAD.asString() : method, uri, version);
    }

    /** Whether the request that is being read, or was read last, began as a HEAD. */
    final boolean isReadingHead() {
        return ((StrictParser) getParser()).headBytes == StrictParser.HEAD.length;
    }

    /** Refuses a request whose target is none of ours, or whose framing is in doubt; the connection is closed then. */
    private final class StrictRequests extends RequestHandler {

        @Override
        public void startRequest(String method, String target, HttpVersion version) {
            if (!isServed(method, target)) {
                throw new HttpException.RuntimeException(400);
            }
            super.startRequest(method, target, version);
        }

        /** To other targets of OPTIONS and PRI Jetty answers with a redirect; behind CONNECT may come anything. */
        private boolean isServed(String method, String target) {
            return !method.equals("CONNECT")
                    && (target.startsWith("/")
                            || target.equals("*")
                            || ABSOLUTE.matcher(target).lookingAt());
        }

        @Override
        public void parsedHeader(HttpField field) {
            HttpHeader header = field.getHeader();
            if (header == HttpHeader.TRANSFER_ENCODING) {
                // a coding that we can't undo; or a version that knows none (RFC 9112, 6.1)
                if (isHttp10() || !HttpHeaderValue.CHUNKED.is(field.getValue())) {
                    throw new HttpException.RuntimeException(400);
                }
            } else if (header == HttpHeader.UPGRADE || header == HttpHeader.EXPECT && isHttp10()) {
                return; // the one may be ignored and the other must be (RFC 9110, 7.8 and 10.1.1)
            }
            super.parsedHeader(field);
        }

        private boolean isHttp10() {
            return getHttpVersion() == HttpVersion.HTTP_1_0;
        }
    }

    private static final class StrictParser extends HttpParser {

        private static final byte[] HEAD = "HEAD ".getBytes(US_ASCII);
        private static final byte[] HTTP_1 = "HTTP/1.".getBytes(US_ASCII);

        private ByteBuffer buffer = BufferUtil.EMPTY_BUFFER;

        /** How many bytes of HEAD the request began with; -1 where it began otherwise. */
        private int headBytes;

        /** How many bytes of HTTP_1 the version began with; -1 once it is known. */
        private int versionBytes;

        StrictParser(RequestHandler requests, int maxHeaderBytes, HttpCompliance compliance) {
            super(requests, maxHeaderBytes, compliance);
        }

        @Override
        public boolean parseNext(ByteBuffer bytes) {
            buffer = bytes;
            if (isStart() || isState(State.METHOD)) {
                readMethod();
            } else if (isState(State.SPACE2) || isState(State.REQUEST_VERSION)) {
                readVersion();
            }
            boolean handle = super.parseNext(bytes);
            buffer = BufferUtil.EMPTY_BUFFER; // a connection that is idle keeps none of the pool's
            return handle;
        }

        @Override
        protected void setState(State state) {
            super.setState(state);
            if (state == State.SPACE2) { // of the versions 1.0 and 1.1 Jetty skips it, unless they come in pieces
                versionBytes = 0;
                readVersion();
            }
        }

        /** Jetty takes a body as complete when its end is cut off behind a chunk's data or behind "0 CR LF". */
        @Override
        public void atEOF() {
            if (isState(State.CHUNK_END) || isState(State.TRAILER)) {
                setState(State.CHUNK);
            }
            super.atEOF();
        }

        private void readMethod() {
            if (isStart()) {
                headBytes = 0;
            }
            for (int i = buffer.position(); i < buffer.limit() && headBytes >= 0 && headBytes < HEAD.length; i++) {
                byte b = buffer.get(i);
                boolean isEmptyLine = headBytes == 0 && (b == '\r' || b == '\n');
                if (!isEmptyLine) {
                    headBytes = b == HEAD[headBytes] ? headBytes + 1 : -1;
                }
            }
        }

        /** Makes HTTP/1.2 to 1.9 an HTTP/1.1: a higher minor version is served as the highest known (RFC 9110, 2.5). */
        private void readVersion() {
            for (int i = buffer.position(); i < buffer.limit() && versionBytes >= 0; i++) {
                byte b = buffer.get(i);
                if (versionBytes == HTTP_1.length) {
                    if (b >= '2' && b <= '9') {
                        buffer.put(i, (byte) '1');
                    }
                    versionBytes = -1;
                } else if (b == HTTP_1[versionBytes]) {
                    versionBytes++;
                } else if (versionBytes > 0 || b != ' ') {
                    versionBytes = -1;
                }
            }
        }
    }
}
