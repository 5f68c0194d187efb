package dev.countersign.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps the requests of an id within what the server remembers of it: the last 8 with a key. Request n+8 waits until
 * request n is answered, and not only until any is: n may have to be sent again. Safe for use by many threads.
 */
final class Windows {

    static final int SIZE = 8;

    /** A request under way. */
    static final class Place {
        private boolean answered;
    }

    private final Map<String, Deque<Place>> underWay = new HashMap<>(); // from an id's oldest without an answer on

    /** Returns once the id's next request may go out. */
    synchronized Place enter(String id) throws InterruptedException {
        while (underWay.containsKey(id) && underWay.get(id).size() == SIZE) {
            wait();
        }
        Place place = new Place();
        underWay.computeIfAbsent(id, first -> new ArrayDeque<>()).add(place);
        return place;
    }

    synchronized void leave(String id, Place place) {
        place.answered = true;
        Deque<Place> places = underWay.get(id);
        boolean wasFull = places.size() == SIZE;
        while (!places.isEmpty() && places.peek().answered) {
            places.remove();
        }
        if (places.isEmpty()) {
            underWay.remove(id);
        }
        if (wasFull) {
            notifyAll();
        }
    }
}
