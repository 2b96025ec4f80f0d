package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.secretvault.crypto.DigestAlgorithm;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Digests and ciphertexts as other programs make them; those that are installed. */
class UserIdInteropTest {

  private final VaultFixture fixture = VaultFixture.inMemory();
  private final SecretVault vault = fixture.vault;
  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  @TempDir Path directory;

  @AfterEach
  void close() {
    fixture.close();
  }

  private static void assumeInstalled(String program, String argument) {
    try {
      Process process =
          new ProcessBuilder(program, argument)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assumeTrue(process.waitFor() == 0, program + " does not work");
    } catch (IOException notInstalled) {
      assumeTrue(false, program + " is not installed");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String run(List<String> command) throws IOException, InterruptedException {
    Path out = Files.createTempFile(directory, "out", "");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    String answer = Files.readString(out);
    assertThat(process.exitValue()).as(answer).isZero();
    return answer;
  }

  /** Text of all planes, without control characters. */
  private String text(int max) {
    StringBuilder text = new StringBuilder();
    for (int n = 1 + random.nextInt(max); n > 0; n--) {
      int limit = random.nextBoolean() ? 0x7f : random.nextBoolean() ? 0x800 : 0x20000;
      int codePoint = 0x20 + random.nextInt(limit - 0x20);
      boolean excluded = Character.isISOControl(codePoint) || Character.getType(codePoint) == 19;
      text.appendCodePoint(excluded ? '\u00fc' : codePoint);
    }
    return text.toString();
  }

  private UserIdClaim claim(boolean salted, boolean expiring) {
    UserIdClaim claim = UserIdClaim.of(text(60));
    // No digit at either end, as it would run into an expiration.
    claim = salted ? claim.salt("s" + text(20) + "t") : claim;
    return expiring
        ? claim.expiresAt(Instant.ofEpochSecond(1 + (random.nextLong() >>> 1) % 250_000_000_000L))
        : claim;
  }

  private static String digits(Instant expiresAt) {
    return expiresAt == null ? "" : Long.toString(expiresAt.getEpochSecond());
  }

  /** A hundred secrets, a hundred claims each: one process for each secret. */
  @Test
  void openssl_tenThousandRandomClaims_agrees() throws Exception {
    assumeInstalled("openssl", "version");
    int agreed = 0;
    int expired = 0;
    for (int n = 0; n < 100; n++) {
      List<DigestAlgorithm> algorithms = List.of(DigestAlgorithm.values());
      DigestAlgorithm algorithm = algorithms.get(n % algorithms.size());
      String secret = text(90);
      SecretSpec spec = SecretSpec.named("secret " + n).value(secret.toCharArray()).active();
      boolean salted = random.nextInt(3) > 0;
      boolean expiring = random.nextInt(3) > 0;
      UserIdPolicy policy =
          UserIdAuthenticatorTest.policy(
              UserIdAuthenticatorTest.policy(algorithm), salted, expiring);
      boolean first = n % 7 == 0;
      UserIdAuthenticator users =
          vault.userIds(
              VaultFixture.create(vault, spec), first ? policy.expirationBeforeSalt() : policy);
      List<String> command = new ArrayList<>(List.of("openssl", "dgst", "-r"));
      command.add("-" + algorithm.wireName().replaceAll(".*-", ""));
      if (algorithm.keyed()) {
        String key = HexFormat.of().formatHex(secret.getBytes(StandardCharsets.UTF_8));
        command.addAll(List.of("-mac", "HMAC", "-macopt", "hexkey:" + key));
      }
      List<UserIdToken> tokens = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        UserIdToken token = users.sign(claim(salted, expiring));
        tokens.add(token);
        String salt = token.salt() == null ? "" : token.salt();
        String seconds = digits(token.expiresAt());
        String message =
            token.userId()
                + (algorithm.keyed() ? "" : secret)
                + (first ? seconds + salt : salt + seconds);
        Files.writeString(directory.resolve("m" + i), message);
        command.add("m" + i);
      }
      List<String> lines = run(command).lines().toList();
      assertThat(lines).hasSize(tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        assertThat(lines.get(i))
            .as("seed %s, %s, claim %s of %s", seed, algorithm, i, n)
            .startsWith(tokens.get(i).digest().hex() + " ");
        Verification.Reason reason = users.verify(tokens.get(i)).reason();
        expired += reason == Verification.Reason.EXPIRED ? 1 : 0;
        agreed += reason == Verification.Reason.GENUINE ? 1 : 0;
      }
    }
    assertThat(agreed + expired).isEqualTo(10_000);
    assertThat(agreed).isGreaterThan(5_000);
  }

  @Test
  void openssl_aes256Cbc_isReadByEachOther() throws Exception {
    assumeInstalled("openssl", "version");
    for (int n = 0; n < 20; n++) {
      byte[] key = new byte[32];
      random.nextBytes(key);
      String hex = HexFormat.of().formatHex(key);
      SecretSpec spec = SecretSpec.named("cbc " + n);
      SecretId id =
          VaultFixture.create(
              vault, (n % 2 == 0 ? spec.value(key) : spec.value(hex.toCharArray())).active());
      UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().allowUnsafeAes256Cbc());
      String userId = text(n == 0 ? 1 : 100);
      Map<String, Object> ours = users.encryptUnauthenticated(userId, TokenForm.MOBILE_SDK);
      assertThat(ours.get("algorithm")).isEqualTo("aes-256-cbc");
      Files.write(directory.resolve("ours"), HexFormat.of().parseHex(ours.get("id").toString()));
      run(openssl(hex, ours.get("initializationVector"), "-d", "ours", "plain"));
      assertThat(directory.resolve("plain")).as("seed %s", seed).hasContent(userId);

      byte[] iv = new byte[16];
      random.nextBytes(iv);
      run(openssl(hex, HexFormat.of().formatHex(iv), "-e", "plain", "theirs"));
      Map<String, Object> theirs = new HashMap<>(ours);
      theirs.put("initializationVector", HexFormat.of().formatHex(iv));
      byte[] ciphertext = Files.readAllBytes(directory.resolve("theirs"));
      theirs.put("id", HexFormat.of().formatHex(ciphertext));
      assertThat(decrypted(users, theirs)).as("seed %s", seed).contains(userId);
      // It proves nothing: what is turned over in the vector is turned over in the user ID.
      iv[0] ^= 1;
      theirs.put("initializationVector", HexFormat.of().formatHex(iv));
      assertThat(decrypted(users, theirs).equals(Optional.of(userId))).isFalse();
      ciphertext[ciphertext.length - 1] ^= 1;
      theirs.put("id", HexFormat.of().formatHex(ciphertext));
      assertThat(decrypted(users, theirs).equals(Optional.of(userId))).isFalse();
    }
  }

  private static Optional<String> decrypted(UserIdAuthenticator users, Map<String, Object> fields) {
    return users.decryptUnauthenticated(TokenForm.MOBILE_SDK, fields);
  }

  private static List<String> openssl(
      String key, Object iv, String direction, String in, String out) {
    return List.of(
        "openssl",
        "enc",
        "-aes-256-cbc",
        direction,
        "-K",
        key,
        "-iv",
        iv.toString(),
        "-in",
        in,
        "-out",
        out);
  }

  /**
   * The JavaScript of the documentation: made here and accepted there, made there accepted here.
   */
  @Test
  void node_snippetsOfTheDocumentation_makeAndAcceptTheSameTokens() throws Exception {
    assumeInstalled("node", "--version");
    String page = Files.readString(documentation());
    List<String> blocks =
        Pattern.compile("```js\n(.*?)```", Pattern.DOTALL)
            .matcher(page)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(blocks).hasSize(4);
    Files.writeString(directory.resolve("rules.mjs"), blocks.get(0));
    Files.writeString(directory.resolve("node.mjs"), blocks.get(1));
    Files.writeString(directory.resolve("page.mjs"), blocks.get(2));
    Files.writeString(directory.resolve("web.mjs"), blocks.get(3));
    Files.writeString(
        directory.resolve("run.mjs"),
        """
        import fs from 'node:fs';
        import * as node from './node.mjs';
        import * as web from './web.mjs';
        import { configure } from './page.mjs';
        const answers = [];
        // What Java does not take either.
        const bad = {
          userId: ['', null, undefined, '\\ud800', 7, ['u']],
          salt: ['a\\u0000', '\\u0085', '\\udfff', 7],
          expiration: ['soon', '01', -1, 1.5, 1e21, 253402300800, 'Infinity'],
          version: [0 / 0, -1, 2147483648, '1\\n'],
        };
        const throws = (purpose, claim) => {
          try {
            node.signBound('secret', purpose, claim);
            return false;
          } catch (e) {
            return e instanceof TypeError;
          }
        };
        const boundRefusals = ({ secret, claim, purpose, bound, before }) => {
          const refused = [];
          const check = (purpose, claim, digest) =>
            refused.push(node.isGenuineBound(secret, purpose, claim, digest, before));
          for (const digest of [null, undefined, '', [bound], bound.slice(1), `x${bound.slice(1)}`]) {
            check(purpose, claim, digest);
          }
          check(purpose, claim, bound.replace(/^./, (d) => (d === '0' ? '1' : '0')));
          check(purpose, null, bound);
          check(purpose, undefined, bound);
          for (const [part, values] of Object.entries(bad)) {
            for (const value of values) {
              check(purpose, { ...claim, [part]: value }, bound);
              refused.push(!throws(purpose, { ...claim, [part]: value }));
            }
          }
          for (const key of ['url', '', '\\ud800', 'a\\u0007']) {
            check({ ...purpose, context: { [key]: 'v' } }, claim, bound);
            refused.push(!throws({ ...purpose, context: { [key]: 'v' } }, claim));
          }
          for (const value of [null, undefined, 7, '\\ud800', 'a\\u0007']) {
            refused.push(!throws({ ...purpose, context: { key: value } }, claim));
          }
          for (const secretId of ['', undefined, '\\ud800', 'a\\u0007']) {
            refused.push(!throws({ ...purpose, secretId }, claim));
          }
          // A sender who names the purpose that their digest is for.
          const other = { ...purpose, context: { ...purpose.context, other: 'purpose' } };
          check(other, { ...claim, ...purpose }, bound);
          check({ ...purpose, secretId: 'another' }, { ...claim, ...purpose }, bound);
          return refused;
        };
        for (const c of JSON.parse(fs.readFileSync('cases.json', 'utf8'))) {
          const { secret, claim, purpose, policy, before } = c;
          const wrong = c.joined.replace(/^./, (d) => (d === '0' ? '1' : '0'));
          const target = {};
          configure(target, c.fields);
          const both = async (claim, digest, policy, now) => [
            node.isGenuine(secret, claim, digest, policy, now),
            await web.isGenuine(secret, claim, digest, policy, now),
          ];
          // The same text in other parts, and other ways to say that there is none.
          const salt = claim.salt ?? '';
          const expiration = claim.expiration ?? '';
          const asSalt = { ...claim, salt: `${salt}${expiration}`, expiration: undefined };
          const moved = { ...claim, userId: claim.userId.slice(0, -1), salt: claim.userId.at(-1) + salt };
          const none = { ...claim };
          for (const part of ['salt', 'expiration', 'version']) none[part] = claim[part] ?? null;
          const empty = { ...claim };
          for (const part of ['salt', 'expiration', 'version']) empty[part] = claim[part] ?? '';
          const refused = [
            ...(await both(claim, wrong, policy, before)),
            ...(await both(claim, 'x' + c.joined.slice(1), policy, before)),
            ...(await both(claim, c.joined.slice(1), policy, before)),
            ...(await both(claim, null, policy, before)),
            ...boundRefusals(c),
          ];
          if (policy.expiring) {
            refused.push(
              ...(await both(claim, c.joined, policy, claim.expiration)),
              ...(await both(asSalt, c.joined, policy, before)),
              node.isGenuineBound(secret, purpose, claim, c.bound, claim.expiration),
            );
          }
          if (!policy.salted && moved.userId.isWellFormed()) {
            refused.push(...(await both(moved, c.joined, policy, before)));
          }
          if (!policy.expiring) {
            const digits = { ...claim, expiration: 4000000000 };
            const right = node.sign(secret, digits, { ...policy, expiring: true });
            refused.push(...(await both(digits, right, policy, before)));
          }
          const other = { salted: !policy.salted, expiring: policy.expiring };
          refused.push(...(await both(claim, c.joined, other, before)));
          answers.push({
            joined: node.sign(secret, claim, policy),
            bound: node.signBound(secret, purpose, claim),
            web: await web.sign(secret, claim, policy),
            user: target.user.organizationUserId,
            accepted: [
              ...(await both(claim, c.joined.toUpperCase(), policy, before)),
              ...(await both(none, c.joined, policy, before)),
              ...(await both(empty, c.joined, policy, before)),
              node.isGenuineBound(secret, purpose, claim, c.bound, before),
              node.isGenuineBound(secret, purpose, none, c.bound, before),
              node.isGenuineBound(secret, purpose, empty, c.bound, before),
            ],
            refused,
          });
        }
        console.log(JSON.stringify(answers));
        """);
    List<UserIdToken> joined = new ArrayList<>();
    List<UserIdToken> bound = new ArrayList<>();
    List<Map<String, Object>> cases = new ArrayList<>();
    for (int n = 0; n < 100; n++) {
      String secret = text(90);
      SecretSpec spec = SecretSpec.named("node " + n).value(secret.toCharArray()).active();
      SecretId id = VaultFixture.create(vault, spec);
      boolean salted = n % 2 == 0;
      boolean expiring = n % 4 < 2;
      UserIdClaim claim = claim(salted, expiring);
      UserIdPolicy standard =
          UserIdAuthenticatorTest.policy(UserIdPolicy.standard(), salted, expiring);
      joined.add(vault.userIds(id, standard).sign(claim));
      Map<String, String> context = new HashMap<>();
      UserIdClaim boundClaim = claim;
      for (int i = random.nextInt(4); i > 0; i--) {
        String key = i + text(5);
        boundClaim = boundClaim.context(key, "v" + text(5));
        context.put(key, boundClaim.context().get(key));
      }
      UserIdPolicy policy = UserIdPolicy.bound();
      UserIdAuthenticator users = vault.userIds(id, n % 3 == 0 ? policy : policy.stampVersions());
      bound.add(users.sign(boundClaim));
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("userId", claim.userId());
      if (claim.salt() != null) {
        fields.put("salt", claim.salt());
      }
      long expiration = claim.expiresAt() == null ? 0 : claim.expiresAt().getEpochSecond();
      if (expiration > 0) {
        fields.put("expiration", expiration);
      }
      if (bound.get(n).version() != null) {
        fields.put("version", bound.get(n).version());
      }
      cases.add(
          Map.of(
              "secret",
              secret,
              "claim",
              fields,
              "purpose",
              Map.of("secretId", id.text(), "context", context),
              "policy",
              Map.of("salted", salted, "expiring", expiring),
              "joined",
              joined.get(n).digest().hex(),
              "bound",
              bound.get(n).digest().hex(),
              "fields",
              joined.get(n).fields(TokenForm.WEB_CONFIGURATION),
              "before",
              expiration - 1));
    }
    Files.writeString(
        directory.resolve("cases.json"), JsonMapper.shared().writeValueAsString(cases));
    JsonNode answers = JsonMapper.shared().readTree(run(List.of("node", "run.mjs")));
    assertThat(answers.size()).isEqualTo(cases.size());
    for (int n = 0; n < cases.size(); n++) {
      JsonNode answer = answers.get(n);
      assertThat(answer.get("joined").asString())
          .as("seed %s", seed)
          .isEqualTo(joined.get(n).digest().hex());
      assertThat(answer.get("web").asString()).isEqualTo(joined.get(n).digest().hex());
      assertThat(answer.get("bound").asString())
          .as("seed %s", seed)
          .isEqualTo(bound.get(n).digest().hex());
      assertThat(answer.get("user").asString()).isEqualTo(joined.get(n).userId());
      assertThat(answer.get("accepted").size()).isEqualTo(9);
      assertThat(answer.get("accepted").toString()).doesNotContain("false");
      assertThat(answer.get("refused").size()).isGreaterThan(9);
      assertThat(answer.get("refused").toString()).as("seed %s", seed).doesNotContain("true");
    }
  }

  /** What is signed arrives as it was signed: the URL Standard's parser, as browsers have it. */
  @Test
  void node_signedUrls_areSentAsTheyAre() throws Exception {
    assumeInstalled("node", "--version");
    SecretId id = VaultFixture.create(vault, "secret");
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.bound());
    List<String> signed = new ArrayList<>();
    int refused = 0;
    for (int n = 0; n < 40_000; n++) {
      StringBuilder url = new StringBuilder(one("http", "https", "https", "Https", "ftp"));
      url.append("://")
          .append(
              one("", "", "", "u@", "a.", "1.", "x-1.", "%61.", "xn--a.", "xn--0.", "xn--tda."));
      url.append(one("example.org", "example.org", "Example.org", "127.0.0.1", "127.0.0.010"));
      url.append(one("", "", ".", ".1", ".0x1", ".a"))
          .append(one("", "", ":", ":80", ":443", ":0", ":65535", ":65536"));
      for (int i = random.nextInt(4); i > 0; i--) {
        url.append('/')
            .append(one("", "a", ".", "..", "%2e", "%2E.", "...", "'", "%C3%BC", "\u00fc", "%c3"));
      }
      url.append(
          one(
              "",
              "",
              "?",
              "?a=b&c",
              "?'",
              "?/../",
              "?a=[%27]",
              "?%C3%BC=a%CC%88",
              "?\u00fc=a",
              "?+"));
      try {
        UserIdClaim claim = UserIdClaim.of(text(10)).expiresAt(VaultFixture.START.plusSeconds(9));
        URI each = users.signUrl(new URI(url.toString()), claim);
        assertThat(users.verifyUrl(each).genuine()).as(url.toString()).isTrue();
        signed.add(each.toString());
      } catch (URISyntaxException | IllegalArgumentException noSuchUrl) {
        refused++;
      }
    }
    assertThat(signed).hasSizeGreaterThan(500);
    assertThat(refused).isGreaterThan(500);
    Files.writeString(
        directory.resolve("urls.json"), JsonMapper.shared().writeValueAsString(signed));
    Files.writeString(
        directory.resolve("urls.mjs"),
        """
        import fs from 'node:fs';
        const urls = JSON.parse(fs.readFileSync('urls.json', 'utf8'));
        const sent = (url) => (URL.canParse(url) ? new URL(url).href : 'none');
        console.log(JSON.stringify(urls.filter((url) => sent(url) !== url)));
        """);
    assertThat(run(List.of("node", "urls.mjs")).strip()).as("seed %s", seed).isEqualTo("[]");
  }

  private String one(String... of) {
    return of[random.nextInt(of.length)];
  }

  private static Path documentation() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("docs/USER-IDS.md"))) {
      here = here.getParent();
      assertThat(here).as("a directory with docs above the module").isNotNull();
    }
    return here.resolve("docs/USER-IDS.md");
  }
}
