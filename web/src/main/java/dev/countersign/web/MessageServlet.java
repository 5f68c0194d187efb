package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.Message;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Receipt;
import dev.countersign.core.Registry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** {@code POST /message {"id":"alice","code":"…","message":"any text"}}: logs the message if the code is the id's. */
final class MessageServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    /** Wrapped already: a stage that passes on a bare exception wraps it, each time with a stack trace. */
    private static final CompletableFuture<Receipt> WRONG_CODE =
            CompletableFuture.failedFuture(new CompletionException(new RefusalException(Problem.WRONG_CODE)));

    private final transient Registry registry;
    private final transient MessageLog messages;

    MessageServlet(Intake intake, Registry registry, MessageLog messages) {
        super(intake);
        this.registry = registry;
        this.messages = messages;
    }

    @Override
    CompletableFuture<byte[]> answer(HttpServletRequest request, byte[] body) {
        NewMessage message = RequestBody.message(body);
        return registry.accepts(message.id(), message.code())
                .toCompletableFuture()
                .thenCompose(
                        isRight -> isRight ? messages.append(new Message(message.id(), message.text())) : WRONG_CODE)
                .thenApply(MessageServlet::json);
    }

    private static byte[] json(Receipt receipt) {
        return ("{\"receipt\":\"" + receipt.number() + "\",\"time\":\"" + receipt.time() + "\"}").getBytes(US_ASCII);
    }
}
