package dev.countersign.client;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.impl.io.SocketHolder;

/**
 * A connection that bypasses HttpClient's wire and header logs.
 *
 * <p>Requests contain codes, and a program that uses the library may log everything at DEBUG, as Logback does without a
 * configuration. So the logs are bypassed, not just switched off.
 */
final class UnloggedConnection extends DefaultManagedHttpClientConnection {

    UnloggedConnection() {
        super("countersign");
    }

    @Override
    public void bind(Socket socket) throws IOException {
        bind(new SocketHolder(socket));
    }

    @Override
    public void bind(SSLSocket tlsSocket, Socket socket) throws IOException {
        bind(new SocketHolder(tlsSocket, socket));
    }

    @Override
    protected void onRequestSubmitted(ClassicHttpRequest request) {}

    @Override
    protected void onResponseReceived(ClassicHttpResponse response) {}
}
