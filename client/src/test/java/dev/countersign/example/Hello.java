package dev.countersign.example;

import dev.countersign.client.CountersignClient;
import dev.countersign.client.CountersignException;
import dev.countersign.client.Credentials;
import dev.countersign.client.Receipt;
import dev.countersign.client.UnknownFateException;

public final class Hello {

    public static void main(String[] arguments) {
        try (CountersignClient client =
                CountersignClient.builder().host("localhost").build()) {
            Credentials alice = client.register("alice");
            Receipt receipt = client.send(alice, "hi");
            System.out.println("logged as " + receipt.value() + " at " + receipt.time());
        } catch (UnknownFateException e) {
            System.err.println("outcome unknown: " + e.getMessage());
        } catch (CountersignException e) {
            System.err.println("not done: " + e.getMessage());
        }
    }
}
