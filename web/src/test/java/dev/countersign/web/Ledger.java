package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What clients were told, beside what the log says.
 *
 * @param lost acknowledged, but not in the log, or not with the receipt, time, id and text that it should have
 * @param unacknowledged in the log without an acknowledgement: allowed only where a connection broke
 */
record Ledger(
        List<SendingClient> clients,
        List<LoggedMessage> log,
        Set<LoggedMessage> lost,
        Set<LoggedMessage> unacknowledged) {

    static Ledger of(List<SendingClient> clients, List<LoggedMessage> log) {
        Set<LoggedMessage> lost = new HashSet<>();
        clients.forEach(client -> lost.addAll(client.acknowledged()));
        Set<LoggedMessage> unacknowledged = new HashSet<>(log);
        unacknowledged.removeAll(lost);
        log.forEach(lost::remove);
        return new Ledger(clients, log, lost, unacknowledged);
    }

    long acknowledged() {
        return clients.stream()
                .mapToLong(client -> client.acknowledged().size())
                .sum();
    }

    /** Lines of messages that the log has already. */
    long doubled() {
        return doubled(log);
    }

    /** Lines with the id and text of another: a client sends no text twice. */
    static long doubled(List<LoggedMessage> log) {
        return log.size()
                - log.stream()
                        .map(line -> List.of(line.id(), line.message()))
                        .distinct()
                        .count();
    }

    long registrations() {
        return clients.stream().mapToLong(client -> client.codes().size()).sum();
    }

    /** Every acknowledged message exactly once, in the order its client sent it; and nothing that nobody sent. */
    void assertKept() {
        assertEquals(Set.of(), lost, "lost");
        assertEquals(
                log.size(), log.stream().map(LoggedMessage::receipt).distinct().count(), "receipts");
        if (Engines.areFiles()) {
            assertRising(
                    log.stream().map(LoggedMessage::receipt).map(Long::valueOf).toList(), "receipts");
        }
        long theirs = 0;
        for (SendingClient client : clients) {
            List<Integer> numbers = log.stream()
                    .filter(client::hasSent)
                    .map(SendingClient::number)
                    .toList();
            assertRising(numbers, "the numbers of one client's messages");
            theirs += numbers.size();
        }
        assertEquals(log.size(), theirs, "lines, and those that a client sent");
    }

    private static <N extends Comparable<N>> void assertRising(List<N> numbers, String what) {
        for (int i = 1; i < numbers.size(); i++) {
            assertTrue(numbers.get(i - 1).compareTo(numbers.get(i)) < 0, what + " fall at line " + i);
        }
    }
}
