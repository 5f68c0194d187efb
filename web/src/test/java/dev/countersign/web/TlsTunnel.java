package dev.countersign.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;

/**
 * A plain port that speaks TLS to a server's port, so that any test's client can: it passes on all bytes as they come, the
 * end of either direction, and a reset as a reset.
 */
final class TlsTunnel implements AutoCloseable {

    private final ServerSocket plain;
    private final SSLContext trust;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    TlsTunnel(int port, SSLContext trust) throws IOException {
        this.port = port;
        this.trust = trust;
        plain = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return plain.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = plain.accept();
                open.add(client);
                start(() -> connect(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void connect(Socket client) {
        try {
            Socket tcp = new Socket(InetAddress.getLoopbackAddress(), port);
            open.add(tcp);
            tcp.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            Socket server = trust.getSocketFactory().createSocket(tcp, "localhost", port, true);
            Thread there = start(() -> pass(client, server, tcp));
            pass(server, client, client);
            there.join();
            close(tcp);
            close(client);
        } catch (IOException e) {
            reset(client);
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts it", e);
        }
    }

    /** @param toTcp the socket below {@code to} */
    private void pass(Socket from, Socket to, Socket toTcp) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[16 * 1024];
            for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
                out.write(bytes, 0, length);
            }
            to.shutdownOutput();
        } catch (IOException e) {
            reset(toTcp);
        }
    }

    private void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException e) {
            // closed already
        }
        close(socket);
    }

    private void close(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
        open.forEach(this::close);
    }

    private static Thread start(Runnable work) {
        Thread thread = new Thread(work, "tls tunnel");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
