package dev.countersign.web;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;

/** Reads a body that arrives after its headers, piece by piece; no thread waits for it. */
abstract class ArrivingBody implements ReadListener, AsyncListener {

    final AsyncContext async;
    private final byte[] chunk = new byte[4096];
    private ServletInputStream in;

    ArrivingBody(AsyncContext async) {
        this.async = async;
    }

    /** Begins; {@link #onTimeout} is called where the exchange is not over after so long. */
    final void read(long timeoutMillis) throws IOException {
        async.setTimeout(timeoutMillis);
        async.addListener(this);
        in = async.getRequest().getInputStream();
        in.setReadListener(this);
    }

    /** Takes the next bytes; false where it has completed the exchange, and no more are wanted. */
    abstract boolean take(byte[] bytes, int length) throws IOException;

    @Override
    public final void onDataAvailable() throws IOException {
        while (in.isReady() && !in.isFinished()) {
            int length = in.read(chunk);
            if (length > 0 && !take(chunk, length)) {
                return;
            }
        }
    }

    @Override
    public final void onComplete(AsyncEvent event) {}

    @Override
    public final void onError(AsyncEvent event) {}

    @Override
    public final void onStartAsync(AsyncEvent event) {}
}
