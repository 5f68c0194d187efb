package dev.countersign.core;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a client and a server, byte for byte, until it is told to fail: it goes silent, as a paused machine does, or
 * cuts the connection around the message that follows one with a certain text.
 */
final class TcpProxy implements Closeable {

    /** Where the connection is cut. */
    enum Cut {
        NEVER,
        BEFORE_THE_MESSAGE,
        BEFORE_ITS_ANSWER
    }

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final int port;
    private volatile Cut cut = Cut.NEVER;
    private volatile String text = "";
    private boolean silent;

    TcpProxy(int port) throws IOException {
        this.port = port;
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Cuts one connection, once. */
    void cut(Cut where, String afterText) {
        text = afterText;
        cut = where;
    }

    synchronized void setSilent(boolean silent) {
        this.silent = silent;
        notifyAll();
    }

    /** Ends all connections; new ones are taken. */
    void reset() throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        setSilent(false);
        reset();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // one of both sides has ended
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listener.accept();
            Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
            sockets.add(client);
            sockets.add(server);
            boolean[] dropAnswer = {false};
            start(() -> forward(client, server, true, dropAnswer));
            start(() -> forward(server, client, false, dropAnswer));
        }
    }

    private void forward(Socket from, Socket to, boolean isClient, boolean[] dropAnswer) throws IOException {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[64 * 1024];
            boolean isNext = false;
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                awaitSound();
                if (isNext && cut != Cut.NEVER) {
                    synchronized (dropAnswer) {
                        dropAnswer[0] = cut == Cut.BEFORE_ITS_ANSWER;
                        cut = Cut.NEVER;
                        if (!dropAnswer[0]) {
                            return;
                        }
                    }
                }
                synchronized (dropAnswer) {
                    if (!isClient && dropAnswer[0]) {
                        return;
                    }
                }
                isNext = isClient && cut != Cut.NEVER && new String(buffer, 0, length, ISO_8859_1).contains(text);
                to.getOutputStream().write(buffer, 0, length);
            }
        }
    }

    private synchronized void awaitSound() {
        while (silent) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new AssertionError("nobody interrupts a test", e);
            }
        }
    }
}
