package dev.countersign.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lets request n+8 of an id go out only when request n is answered. A request without an answer may be logged already
 * and must be sent again; the server must still remember its key then. The server remembers the last 15 keys of an id
 * in the order it logged them. Of the requests in flight, up to 7 earlier and 7 later ones may be logged after a given
 * one. Safe for use by many threads.
 */
final class Windows {

    private static final int MAX_LATER = 7;

    /** A request in flight. */
    static final class Place {
        private int later; // requests that went out after it
    }

    private final Map<String, List<Place>> underWay = new HashMap<>(); // by id; no list is empty

    /** Waits until the id's next request may go out. */
    synchronized Place enter(String id) throws InterruptedException {
        while (underWay.getOrDefault(id, List.of()).stream().anyMatch(place -> place.later == MAX_LATER)) {
            wait();
        }
        List<Place> places = underWay.computeIfAbsent(id, first -> new ArrayList<>());
        places.forEach(place -> place.later++);
        Place place = new Place();
        places.add(place);
        return place;
    }

    synchronized void leave(String id, Place place) {
        List<Place> places = underWay.get(id);
        places.remove(place);
        if (places.isEmpty()) {
            underWay.remove(id);
        }
        notifyAll();
    }
}
