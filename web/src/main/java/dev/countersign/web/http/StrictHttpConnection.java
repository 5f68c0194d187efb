package dev.countersign.web.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.ComplianceUtils;
import org.eclipse.jetty.http.ComplianceViolation;
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
import org.eclipse.jetty.server.HttpChannel;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.internal.HttpChannelState;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;

/**
 * A connection that follows RFC 9112 where Jetty 12.1 doesn't. {@link HttpConnection} is in a package that Jetty calls
 * internal: when Jetty is updated, StrictHttpTest tells which parts are still needed. Its state belongs to the thread
 * that reads the connection.
 */
abstract class StrictHttpConnection extends HttpConnection {

    private static final Pattern METHOD = Pattern.compile("[\\w!#$%&'*+.^`|~-]");
    private static final Pattern ABSOLUTE = Pattern.compile("https?://[^/?#]", Pattern.CASE_INSENSITIVE);

    /** Set by {@link #newRequestHandler}, which the superclass constructor calls: an initializer would overwrite it. */
    private RequestHandler requests;

    /** Whether Jetty has refused a request, which was the last one. It then stops reading. */
    boolean hasRefused;

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

    /**
     * Answers a bad request on the thread that reads. Jetty uses a second thread, and the first one closes the connection if it
     * reads more, or the end, before the answer is written.
     */
    @Override
    protected HttpChannel newHttpChannel(Server server, HttpConfiguration configuration) {
        return new HttpChannelState(this) {
            @Override
            public Runnable onFailure(Throwable failure) {
                Runnable task = super.onFailure(failure);
                hasRefused |= failure instanceof HttpException;
                return hasRefused && task != null ? Invocable.from(InvocationType.NON_BLOCKING, task) : task;
            }
        };
    }

    /** Not before the refusal is written: then Jetty has the connection read again. */
    @Override
    public void fillInterested(Callback callback) {
        if (getHttpChannel().getRequest() == null) {
            super.fillInterested(callback);
        }
    }

    /**
     * If it refuses a request line, Jetty sets the method to "BAD"; but the refusal of a HEAD must not have a body. If a request
     * is answered before its body has come, Jetty closes the connection; but what still comes must be read.
     */
    @Override
    protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
        boolean isHead = method.equals("BAD") && isReadingHead();
        return new HttpStreamOverHTTP1(isHead ? HttpMethod.HEAD.asString() : method, uri, version) {
            @Override
            public Runnable headerComplete() {
                Runnable handling = super.headerComplete();
                verify(getHttpChannel().getRequest());
                return handling;
            }

            @Override
            public void failed(Throwable failure) {
                if (getEndPoint().isOpen() && getEndPoint().isOutputShutdown()) {
                    getParser().close();
                    succeeded();
                } else {
                    super.failed(failure);
                }
            }
        };
    }

    /**
     * Refuses the targets and Hosts that Jetty itself would refuse a moment later, when it is about to call the handler. Then
     * it ends the refused request twice if another thread has not quite left the connection's previous request: the second
     * time fails, with an exception in the log, and this exception may reach the connection's next request. The mend of Jetty's
     * issue 14745, in 12.1.14, does not cover refusals by the thread that calls the handler.
     */
    private void verify(Request request) {
        HttpConfiguration http = getHttpConfiguration();
        ComplianceUtils.verify(
                http.getUriCompliance(),
                request.getHttpURI(),
                ComplianceViolation.Listener.NOOP,
                reason -> new HttpException.RuntimeException(400, reason));
        String host = request.getHeaders().get(HttpHeader.HOST);
        if (host != null && host.indexOf(',') >= 0) { // of all headers the only one that gets past the parser
            ComplianceUtils.verify(
                    request.getHttpURI(),
                    request.getHeaders(),
                    http.getHttpCompliance(),
                    ComplianceViolation.Listener.NOOP);
        }
    }

    /** Whether the current or last request began as a HEAD. */
    final boolean isReadingHead() {
        return ((StrictParser) getParser()).headBytes == StrictParser.HEAD.length;
    }

    /** Refuses a request with an unsupported target or doubtful framing, and closes the connection. */
    private final class StrictRequests extends RequestHandler {

        @Override
        public void startRequest(String method, String target, HttpVersion version) {
            if (!isServed(method, target)) {
                throw new HttpException.RuntimeException(400);
            }
            super.startRequest(method, target, version);
        }

        /**
         * Jetty answers other targets of OPTIONS and PRI with a redirect; after CONNECT anything may follow; a star is for
         * OPTIONS only. Of a method Jetty checks all characters but the first.
         */
        private boolean isServed(String method, String target) {
            return !method.equals("CONNECT")
                    && METHOD.matcher(method).lookingAt()
                    && (target.startsWith("/")
                            || target.equals("*") && method.equals("OPTIONS")
                            || ABSOLUTE.matcher(target).lookingAt());
        }

        @Override
        public void parsedHeader(HttpField field) {
            HttpHeader header = field.getHeader();
            if (header == HttpHeader.TRANSFER_ENCODING) {
                // a coding that the server can't decode, or a version without codings (RFC 9112, 6.1)
                if (isHttp10() || !HttpHeaderValue.CHUNKED.is(field.getValue())) {
                    throw new HttpException.RuntimeException(400);
                }
            } else if (header == HttpHeader.UPGRADE || header == HttpHeader.EXPECT && isHttp10()) {
                return; // Upgrade may be ignored, Expect must be (RFC 9110, 7.8 and 10.1.1)
            }
            super.parsedHeader(field);
        }

        private boolean isHttp10() {
            return getHttpVersion() == HttpVersion.HTTP_1_0;
        }
    }

    private final class StrictParser extends HttpParser {

        private static final byte[] HEAD = "HEAD ".getBytes(US_ASCII);
        private static final int MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
        private static final byte[] HTTP_1 = "HTTP/1.".getBytes(US_ASCII);

        private ByteBuffer buffer = BufferUtil.EMPTY_BUFFER;

        /** How many bytes of HEAD the request begins with; -1 if it begins otherwise. */
        private int headBytes;

        /** How many bytes of HTTP_1 the version begins with; -1 when the version is known. */
        private int versionBytes;

        private int discardedBytes;

        StrictParser(RequestHandler requests, int maxHeaderBytes, HttpCompliance compliance) {
            super(requests, maxHeaderBytes, compliance);
        }

        /**
         * Whether Jetty should close the connection if more comes. What comes behind the last request is discarded: closing
         * would reset the connection, and the client might never see the answer (RFC 9112, 9.6).
         */
        @Override
        public boolean isTerminated() {
            return super.isTerminated()
                    && (getHttpChannel().getRequest() != null || discardedBytes > MAX_DISCARDED_BYTES);
        }

        @Override
        public boolean parseNext(ByteBuffer bytes) {
            if (super.isTerminated()) {
                discardedBytes += bytes.remaining();
                BufferUtil.clear(bytes);
                return false;
            }
            buffer = bytes;
            if (isStart() || isState(State.METHOD)) {
                readMethod();
            } else if (isState(State.SPACE1)) {
                spoilBlank();
            } else if (isState(State.SPACE2) || isState(State.REQUEST_VERSION)) {
                readVersion();
            }
            boolean handle = super.parseNext(bytes);
            buffer = BufferUtil.EMPTY_BUFFER; // an idle connection must not keep a buffer of the pool
            return handle;
        }

        @Override
        protected void setState(State state) {
            super.setState(state);
            if (state == State.SPACE1) {
                spoilBlank();
            } else if (state
                    == State.SPACE2) { // Jetty skips this for versions 1.0 and 1.1, unless they arrive in parts
                versionBytes = 0;
                readVersion();
            }
        }

        /** Jetty accepts a body as complete if it is cut off after a chunk's data or after "0 CR LF". */
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
                if (headBytes == 0 && b == ':') {
                    buffer.put(i, (byte) ' '); // a colon before a request Jetty skips; a blank it refuses
                }
                if (!isEmptyLine) {
                    headBytes = b == HEAD[headBytes] ? headBytes + 1 : -1;
                }
            }
        }

        /** Spoils a second blank behind the method, which Jetty would skip (RFC 9112, 3). */
        private void spoilBlank() {
            if (buffer.hasRemaining() && buffer.get(buffer.position()) == ' ') {
                buffer.put(buffer.position(), (byte) 0);
            }
        }

        /**
         * Treats HTTP/1.2 to 1.9 as HTTP/1.1: a higher minor version is served as the highest known one (RFC 9110,
         * 2.5). Spoils small letters and blanks: Jetty would serve "http/1.1" (RFC 9112, 2.3).
         */
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
                } else {
                    buffer.put(i, b >= 'a' || b == ' ' ? (byte) '?' : b);
                    versionBytes = -1;
                }
            }
        }
    }
}
