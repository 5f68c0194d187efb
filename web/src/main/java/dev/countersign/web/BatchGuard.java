package dev.countersign.web;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Leaves to the pool what might hold up a thread that answers batches, and with it all who wait for theirs: the second
 * request of a client that sends on and on, and one whose body is too large or of a length that is not known, to which
 * the answer may have to wait for the client.
 */
final class BatchGuard extends Handler.Wrapper {

    private final JettyThreads threads;
    private final int maxBodyBytes;

    BatchGuard(JettyThreads threads, int maxBodyBytes, Handler handler) {
        super(handler);
        this.threads = threads;
        this.maxBodyBytes = maxBodyBytes;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (threads.takeRequest(hasOrdinaryBody(request))) {
            return super.handle(request, response, callback);
        }
        threads.executeElsewhere(() -> handleInPool(request, response, callback));
        return true;
    }

    private boolean hasOrdinaryBody(Request request) {
        return request.getLength() >= 0 && request.getLength() <= maxBodyBytes;
    }

    private void handleInPool(Request request, Response response, Callback callback) {
        try {
            if (!super.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Throwable e) { // as Jetty does with whatever a handler throws
            Response.writeError(request, response, callback, e);
        }
    }
}
