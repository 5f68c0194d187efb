package dev.countersign.client;

import java.io.IOException;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.protocol.HttpContext;

/**
 * Notes in a call's context that a request went out and its answer did not come.
 *
 * <p>It stands between HttpClient's connecting and its sending, so that a failure that it sees is one after which nobody
 * knows what the server did, and a failure that it does not see is one before anything was sent. */
final class LostExchanges implements ExecChainHandler {

    private static final String NOTE = LostExchanges.class.getName();

    static boolean notedIn(HttpContext context) {
        return context.getAttribute(NOTE) != null;
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        try {
            return chain.proceed(request, scope);
        } catch (IOException | HttpException e) {
            scope.clientContext.setAttribute(NOTE, true);
            throw e;
        }
    }
}
