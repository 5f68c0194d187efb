package dev.countersign.perf.capacity;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.apache.hc.client5.http.ssl.TrustAllStrategy;
import org.apache.hc.core5.ssl.SSLContexts;

/** TLS with its costs but without its safety: any certificate is accepted. One thread may read while another writes. */
final class TlsChannel implements ByteChannel {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket;
    private final SSLEngine engine;
    private final ByteBuffer received;
    private final ByteBuffer plain;
    private final ByteBuffer sent;

    /** Shakes hands over a socket that blocks, and may be made not to afterwards. */
    TlsChannel(SocketChannel socket) throws IOException {
        this.socket = socket;
        try {
            engine = SSLContexts.custom()
                    .loadTrustMaterial(TrustAllStrategy.INSTANCE)
                    .build()
                    .createSSLEngine();
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
        received = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        sent = ByteBuffer.allocateDirect(received.capacity());
        engine.setUseClientMode(true);
        engine.beginHandshake();
        while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> write(NOTHING);
                default -> {
                    if (!unwrap() && socket.read(received) < 0) {
                        throw new EOFException("the server closed the connection in the handshake");
                    }
                }
            }
        }
    }

    /** Whether there was a whole record. */
    private boolean unwrap() throws IOException {
        int bytes = engine.unwrap(received.flip(), plain).bytesConsumed();
        received.compact();
        return bytes > 0;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        boolean isOpen = socket.read(received) >= 0;
        while (unwrap()) {
            // the next record
        }
        int bytes = plain.flip().remaining();
        if (bytes > into.remaining()) { // what is kept back here would wake no selector
            throw new ProtocolException("an answer longer than any that is expected over TLS");
        }
        into.put(plain);
        plain.clear();
        return bytes > 0 || isOpen ? bytes : -1;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        int bytes = from.remaining();
        do {
            engine.wrap(from, sent.clear());
            socket.write(sent.flip());
            if (sent.hasRemaining()) {
                throw new IOException("a request larger than the socket's buffer");
            }
        } while (from.hasRemaining());
        return bytes;
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
