package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Node;

class PlansTest {

    private static final Path PLANS = Path.of("src/test/jmeter");

    @Test
    void theTwoPlansDifferInTheirUsersOnly() throws IOException {
        String users = "\"ThreadGroup.num_threads\">${__P(users,";
        String of51 = Files.readString(PLANS.resolve("51.jmx"));

        String of500 = of51.replace(users + "51)", users + "500)");

        assertEquals(of500, Files.readString(PLANS.resolve("500.jmx")));
    }

    @Test
    void arrivalsRegisterAndSendAsTheOthersDo() throws Exception {
        for (String step : new String[] {Sample.REGISTER, Sample.MESSAGE}) {
            Node inTurns = find("51.jmx", "//HTTPSamplerProxy[@testname='" + step + "']");
            Node arriving = find("arrivals.jmx", "//HTTPSamplerProxy[@testname='" + step + "']");

            assertTrue(inTurns.isEqualNode(arriving), step);
            assertTrue(judgement(inTurns).isEqualNode(judgement(arriving)), step);
        }
    }

    /** Each element of a plan is followed by the tree of those within it: here, what holds of an answer. */
    private static Node judgement(Node sampler) throws Exception {
        return (Node) XPathFactory.newInstance()
                .newXPath()
                .evaluate("following-sibling::hashTree[1]", sampler, XPathConstants.NODE);
    }

    private static Node find(String plan, String path) throws Exception {
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(PLANS.resolve(plan).toFile());
        return (Node) XPathFactory.newInstance().newXPath().evaluate(path, document, XPathConstants.NODE);
    }
}
