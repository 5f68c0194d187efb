package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.Appended;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Messages;
import dev.countersign.core.Registry;
import dev.countersign.web.http.Problem;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * {@code POST /message {"id":"alice","code":"…","message":"any text"}}, or {@code "messages":["one","two"]} instead of
 * {@code message}, or plain text with Basic credentials: logs the texts if the code belongs to the id.
 */
public final class MessageServlet extends PostServlet {

    private static final long serialVersionUID = 1;

    /** Wrapped in advance: a stage wraps a bare exception each time, with a stack trace. */
    private static final CompletableFuture<Appended> WRONG_CODE =
            CompletableFuture.failedFuture(new CompletionException(new RefusalException(Problem.WRONG_CODE)));

    private final transient Registry registry;
    private final transient MessageLog messages;
    private final transient Times times = new Times();

    public MessageServlet(Intake intake, Registry registry, MessageLog messages) {
        super(intake);
        this.registry = registry;
        this.messages = messages;
    }

    @Override
    CompletableFuture<Reply> process(HttpServletRequest request, byte[] body) {
        Optional<Credentials> basic = Credentials.basic(request);
        NewMessages sent = basic.isPresent() && MediaType.PLAIN_TEXT.isThatOf(request)
                ? new NewMessages(basic.get(), List.of(RequestBody.text(body)), false)
                : RequestBody.messages(body, basic);
        Credentials sender = sent.sender();
        Messages message = new Messages(sender.id(), key(request, 1), sent.texts(), sent.isList());
        return registry.accepts(sender.id(), sender.code())
                .toCompletableFuture()
                .thenCompose(isRight -> isRight ? append(message, body.length) : WRONG_CODE)
                .thenApply(appended -> reply(appended, message.isList()));
    }

    private CompletionStage<Appended> append(Messages message, int bytes) {
        try {
            intake.quotas().takeRequest(message.id(), bytes);
        } catch (RefusalException e) {
            registry.refuseAccepted(message.id());
            throw e; // fails the stage
        }
        return messages.append(message);
    }

    @Override
    void checkMediaType(HttpServletRequest request) {
        if (!MediaType.JSON.isThatOf(request)) {
            if (!MediaType.PLAIN_TEXT.isThatOf(request)) {
                throw new RefusalException(Problem.UNSUPPORTED_MEDIA_TYPE);
            }
            if (!Credentials.areBasic(request)) {
                throw new RefusalException(Problem.CREDENTIALS_MISSING);
            }
        }
    }

    private Reply reply(Appended appended, boolean isList) {
        if (appended instanceof Appended.Logged logged) {
            return new Reply(json(logged.receipts(), logged.time(), isList), false);
        }
        if (appended instanceof Appended.Repeated repeated) {
            return new Reply(json(repeated.receipts(), repeated.time(), isList), true);
        }
        throw new RefusalException(Problem.KEY_REUSED);
    }

    private byte[] json(List<String> receipts, Instant time, boolean isList) {
        String receipt = isList
                ? "{\"receipts\":[\"" + String.join("\",\"", receipts) + "\"]"
                : "{\"receipt\":\"" + receipts.get(0) + '"';
        return (receipt + ",\"time\":\"" + times.format(time) + "\"}").getBytes(US_ASCII);
    }
}
