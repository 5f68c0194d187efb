package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.Message;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Receipt;
import dev.countersign.core.Registry;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** {@code POST /message {"id":"alice","code":"…","message":"any text"}}: logs the message if the code is the id's. */
final class MessageServlet extends PostServlet {

    private static final long serialVersionUID = 1;
    private static final List<String> MEMBERS = List.of("id", "code", "message");

    private final transient Registry registry;
    private final transient MessageLog messages;

    MessageServlet(HttpSettings settings, MemoryBudget bodyMemory, Registry registry, MessageLog messages) {
        super(settings, bodyMemory);
        this.registry = registry;
        this.messages = messages;
    }

    @Override
    CompletableFuture<byte[]> answer(byte[] body) {
        List<String> texts = RequestBody.texts(body, MEMBERS);
        ClientId id = RegisterServlet.clientId(texts.get(0));
        if (!registry.accepts(id, new Code(texts.get(1)))) {
            throw new RefusalException(Problem.WRONG_CODE);
        }
        return messages.append(new Message(id, texts.get(2)))
                .toCompletableFuture()
                .thenApply(MessageServlet::json);
    }

    private static byte[] json(Receipt receipt) {
        return ("{\"receipt\":\"" + receipt.number() + "\",\"time\":\"" + receipt.time() + "\"}").getBytes(US_ASCII);
    }
}
