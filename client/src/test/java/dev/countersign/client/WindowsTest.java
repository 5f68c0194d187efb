package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WindowsTest {

    /** In whichever order the server logs what is under way: a request without an answer is among its last 15. */
    @Test
    void ofEightUnderWayNoneHasMoreThanFourteenOthersLoggedBehindIt() throws Exception {
        Windows windows = new Windows();
        Random random = new Random(1);
        List<Windows.Place> unanswered = new ArrayList<>();
        List<Integer> behind = new ArrayList<>();
        for (int n = 0; n < 1000; n++) {
            AtomicBoolean entered = new AtomicBoolean();
            List<Windows.Place> place = new ArrayList<>();
            Thread caller = new Thread(() -> {
                try {
                    place.add(windows.enter("alice"));
                    entered.set(true);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            caller.start();
            while (caller.isAlive()) {
                if (caller.getState() == Thread.State.WAITING && !unanswered.isEmpty()) { // until enough are answered
                    int answered = random.nextInt(unanswered.size());
                    behind.remove(answered);
                    windows.leave("alice", unanswered.remove(answered));
                }
            }
            assertTrue(entered.get());
            behind.replaceAll(others -> others + 1);
            behind.add(unanswered.size());
            unanswered.add(place.get(0));
            assertTrue(behind.size() <= 8 && behind.stream().allMatch(others -> others <= 14), behind::toString);
        }
    }
}
