package dev.countersign.web.intake;

import dev.countersign.core.Registry;
import dev.countersign.web.http.Problem;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;

/** {@code POST /rotate {"id":"alice","code":"…"}}, or no body and Basic credentials: gives the id a new code. */
public final class RotateServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    private final transient Registry registry;

    public RotateServlet(Intake intake, Registry registry) {
        super(intake);
        this.registry = registry;
    }

    /** Without a body there is no type. Whether a chunked one is empty shows only when it has been read. */
    @Override
    void checkMediaType(HttpServletRequest request) {
        if (request.getContentLength() > 0 || !Credentials.areBasic(request)) {
            super.checkMediaType(request);
        }
    }

    @Override
    CompletableFuture<Reply> process(HttpServletRequest request, byte[] body) {
        if (body.length > 0) {
            super.checkMediaType(request);
        }
        Credentials sender = RequestBody.credentials(body, Credentials.basic(request));
        return registry.rotate(sender.id(), sender.code())
                .toCompletableFuture()
                .thenApply(code ->
                        Reply.code(sender.id(), code.orElseThrow(() -> new RefusalException(Problem.WRONG_CODE))));
    }
}
