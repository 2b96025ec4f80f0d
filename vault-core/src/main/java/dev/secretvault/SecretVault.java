package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.crypto.MasterKey;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A secret vault inside this process: creates secrets, reveals them, and makes digests of user IDs
 * with them.
 *
 * <pre>{@code
 * try (SecretVault vault = SecretVault.builder()
 *     .store(FileSecretStore.open(Path.of("secrets")))
 *     .masterKey(MasterKey.fromFile(Path.of("master.key")))
 *     .open()) {
 *   vault.create(SecretSpec.named("user-id-web").generated().active()).close();
 *   String digest = vault.hmac("user-id-web", "user-42").hex();
 *   boolean genuine = vault.verify("user-id-web", "user-42", digest);
 * }
 * }</pre>
 *
 * <p><b>What holds.</b> Names, values, labels and descriptions leave the process sealed only. A
 * change is durable when its method returns, and happened in full or not at all if it throws. It is
 * obeyed by every later call on this vault, and within a second by other vaults on the same store.
 * A secret of {@link Disclosure#ONCE} is revealed to one caller, among all threads, processes and
 * nodes, or to none if that caller's process ends before it has the value.
 *
 * <p><b>Expiry.</b> From the moment of its expiry on, a secret gives neither value nor digest, and
 * its name is free. It is removed for good, with all that is known of it, within a second if a
 * vault is open on the store; until then {@link #describe}, {@link #find} and {@link #list} show
 * it, and it counts where secrets are limited. What was refused because it had expired stays so,
 * here at once and in other vaults within a second, also when the clock is set back. A clock that
 * is ahead is believed: what expires by then is removed.
 *
 * <p><b>Threads.</b> Safe for use by any number of threads at once. An interrupt harms no call. A
 * vault has no thread of its own as long as nothing in its store expires and no other vault changes
 * secrets there; else it has one, a daemon, until it is closed; and one for each handler of {@link
 * #onChange} and {@link AuditTrail#onEvent}.
 *
 * <p><b>Errors.</b> What a caller may have to react to is a {@link VaultException}; each method
 * names those of its own. Besides, every method but {@link #close} may throw {@link
 * IntegrityException}, {@link UnsupportedFormatException} and {@link StoreFailedException}; {@link
 * MasterKeyUnavailableException} and {@link WrongMasterKeyException} if somebody has changed the
 * keys and they cannot be had anew; {@link StaleRevisionException} if others keep changing what it
 * needs; {@link AccessDeniedException} on a {@linkplain #restrictedTo view}; {@link
 * RateLimitExceededException} if the vault's {@linkplain VaultBuilder#limits limits} say so; {@link
 * IllegalStateException} if the vault is closed, or has a {@linkplain VaultBuilder#freshness
 * freshness} anchor by now that it was opened without; and {@link NullPointerException} for a null
 * argument. A method that throws has changed nothing, unless it says otherwise, or throws a {@link
 * StoreFailedException} whose outcome is unknown.
 *
 * <p>Whoever opened the vault closes it.
 */
public final class SecretVault implements AutoCloseable {

  /** The longest user ID, in bytes of its UTF-8 form. */
  public static final int MAX_USER_ID_BYTES = 4_096;

  /** The longest name of somebody who tries a passphrase, in code points. */
  public static final int MAX_CALLER = 300;

  /** The longest name of a namespace, in code points. */
  public static final int MAX_NAMESPACE = 300;

  /** The longest text that {@link #resolve} makes, in chars: 16 Mi. */
  public static final int MAX_RESOLVED_CHARS = 1 << 24;

  private final OpenVault opened;
  private final Namespace namespace;
  private final Set<Permission> permissions;

  /** Whether it was made by {@link #restrictedTo}, or of what was. */
  private final boolean restricted;

  /** What this is a view of, and ends with; null of the vault itself. */
  private final @Nullable SecretVault whole;

  private volatile boolean closed;

  private SecretVault(
      OpenVault opened,
      Namespace namespace,
      Set<Permission> permissions,
      boolean restricted,
      @Nullable SecretVault whole) {
    this.opened = opened;
    this.namespace = namespace;
    this.permissions = permissions;
    this.restricted = restricted;
    this.whole = whole;
  }

  static SecretVault of(OpenVault opened) {
    return new SecretVault(
        opened,
        opened.namespaces().get(Namespaces.DEFAULT),
        EnumSet.allOf(Permission.class),
        false,
        null);
  }

  /** {@return begins to open a vault} */
  public static VaultBuilder builder() {
    return new VaultBuilder();
  }

  /**
   * Creates a secret. Takes the permission to create and, for a secret that is to be {@linkplain
   * SecretSpec#active active}, the one to activate.
   *
   * @param spec what it shall be; used up by this call
   * @return the secret with its value, for the caller to close
   * @throws DuplicateNameException if a secret of this name exists that has not expired
   * @throws QuotaExceededException if there are as many secrets as the {@linkplain
   *     VaultLimits#maxSecrets limit} allows
   * @throws StaleRevisionException if others keep creating and deleting where secrets are limited
   * @throws IllegalArgumentException if the name is not one of the vault's {@link NamePolicy}, the
   *     spec has no value, or one that is longer than the vault's {@linkplain
   *     VaultLimits#maxValueBytes limit}, its times do not fit each other or now, or it has both a
   *     passphrase and {@link Disclosure#AT_CREATION}
   * @throws IllegalStateException if the spec was used before
   */
  public CreatedSecret create(SecretSpec spec) {
    Objects.requireNonNull(spec, "spec");
    Permission[] calls =
        spec.isActive()
            ? new Permission[] {Permission.CREATE, Permission.ACTIVATE}
            : new Permission[] {Permission.CREATE};
    return admitted(calls).life().create(spec);
  }

  /**
   * Makes a secret {@linkplain SecretState#ACTIVE active}, and its newest pending version the
   * current one; does nothing if it is active and none is pending. The version that was current
   * still verifies; pending versions that are older are retired.
   *
   * @param id the secret
   * @return the secret as it is now
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretExpiredException if it has expired, and there was something to do
   * @throws AlreadyRevealedException if its value is gone
   * @throws StaleRevisionException if others keep changing it
   */
  public SecretInfo activate(SecretId id) {
    Objects.requireNonNull(id, "id");
    return life(Permission.ACTIVATE).activate(id);
  }

  /**
   * Makes a secret {@linkplain SecretState#INACTIVE inactive}; does nothing if it is. When this
   * method returns, no call on this vault that begins later reveals it or makes digests with it.
   *
   * @param id the secret
   * @return the secret as it is now
   * @throws SecretNotFoundException if there is none of this id
   * @throws AlreadyRevealedException if its value is gone
   * @throws StaleRevisionException if others keep changing it
   */
  public SecretInfo deactivate(SecretId id) {
    Objects.requireNonNull(id, "id");
    return life(Permission.ACTIVATE).deactivate(id);
  }

  /**
   * Sees to it that there is a secret of this name with this value: creates it or, if there is one
   * with another value, gives it a new version and makes that the current one. The value before
   * still verifies, until it is {@linkplain #retire retired}; pending versions stay pending. Doing
   * it again changes nothing, so a script that sets up an application can do it each time. A secret
   * that has expired counts as none. Takes the permissions to create, to update and to activate.
   *
   * <p>A value that is to be generated is refused, as it would be another one each time. What needs
   * one once is {@linkplain #create created}, with {@link DuplicateNameException} as the sign that
   * it is there.
   *
   * @param spec what it shall be; used up by this call. Of a secret that is there, nothing but the
   *     value is changed
   * @return the secret as it is now, and what was done to it
   * @throws AlreadyRevealedException if there is one whose value is gone
   * @throws NotRevealableException if there is one with a passphrase
   * @throws QuotaExceededException if there would be too many secrets, or versions of it
   * @throws StaleRevisionException if others keep changing it
   * @throws IllegalArgumentException as {@link #create} does, or if the spec's value is to be
   *     generated, or has a passphrase
   * @throws IllegalStateException if the spec was used before
   */
  public PutSecret putIfChanged(SecretSpec spec) {
    Objects.requireNonNull(spec, "spec");
    return admitted(Permission.CREATE, Permission.UPDATE, Permission.ACTIVATE)
        .life()
        .putIfChanged(spec);
  }

  /**
   * Changes what is said of a secret, but not its value. Of one whose value is gone, name,
   * description and labels can be changed, as they tell what it was; its times cannot.
   *
   * @param id the secret
   * @param update what to change
   * @return the secret as it is now
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretExpiredException if it has expired
   * @throws AlreadyRevealedException if its value is gone, and a time would change
   * @throws DuplicateNameException if another secret has the new name that has not expired
   * @throws StaleRevisionException if it does not have the revision that the update names, or
   *     others keep changing it
   * @throws IllegalArgumentException if the new name is not one of the vault's {@link NamePolicy},
   *     there would be too many labels, or the times do not fit each other
   */
  public SecretInfo update(SecretId id, SecretUpdate update) {
    Objects.requireNonNull(id, "id");
    return life(Permission.UPDATE).update(id, Objects.requireNonNull(update, "update"));
  }

  /**
   * Adds a version to a secret, which is pending: nothing uses it before it is {@linkplain
   * #activate activated}. So the new value can be handed to whoever needs it first.
   *
   * <p>After the activation, digests are made with the new version, and those of the version before
   * still verify, until that one is {@linkplain #retire retired}.
   *
   * @param id the secret
   * @param value its value; used up by this call
   * @return the secret with the new value, for the caller to close
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretExpiredException if it has expired
   * @throws AlreadyRevealedException if its value is gone
   * @throws QuotaExceededException if the values of 16 of its versions are kept already
   * @throws StaleRevisionException if others keep changing it
   * @throws IllegalArgumentException if the value is longer than the vault's {@linkplain
   *     VaultLimits#maxValueBytes limit}, or has a passphrase though the secret is not protected by
   *     one, or the other way round
   * @throws IllegalStateException if the value was used before
   */
  public CreatedSecret rotate(SecretId id, NewValue value) {
    Objects.requireNonNull(id, "id");
    return life(Permission.UPDATE).rotate(id, Objects.requireNonNull(value, "value"));
  }

  /**
   * Goes back to the version that was current before, which is not always the one numbered before:
   * the two change places, so doing it again undoes it. If that one is retired by now, goes back to
   * the one before it, and so on. Digests of both verify all the while; retire the one that must
   * not. Takes the permissions to update and to activate.
   *
   * @param id the secret
   * @return the secret as it is now
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretExpiredException if it has expired
   * @throws AlreadyRevealedException if its value is gone
   * @throws StaleRevisionException if others keep changing it
   * @throws IllegalArgumentException if it has no previous version
   */
  public SecretInfo rollback(SecretId id) {
    Objects.requireNonNull(id, "id");
    return admitted(Permission.UPDATE, Permission.ACTIVATE).life().rollback(id);
  }

  /**
   * Deletes the value of a pending or previous version, irreversibly: its digests verify no more.
   * Does nothing if that was done before.
   *
   * @param id the secret
   * @param version the version's number
   * @return the secret as it is now
   * @throws SecretNotFoundException if there is none of this id
   * @throws StaleRevisionException if others keep changing it
   * @throws IllegalArgumentException if it has no such version, or that is the current one
   */
  public SecretInfo retire(SecretId id, int version) {
    Objects.requireNonNull(id, "id");
    return life(Permission.UPDATE).retire(id, version);
  }

  /**
   * Deletes a secret with all its values, irreversibly. Its name is free at once.
   *
   * @param id the secret
   * @return false if there was none of this id
   * @throws StaleRevisionException if others keep changing it
   */
  public boolean delete(SecretId id) {
    Objects.requireNonNull(id, "id");
    return life(Permission.DELETE).delete(id);
  }

  /**
   * Removes what has expired, of all namespaces, at once: its values, its name, and all that is
   * known of it; of a {@linkplain #oneTime one-time secret} first the value, and what is known of
   * it when its receipt has expired, too. An open vault does so by itself, within a second of the
   * expiry; a program that opens it for a moment only has to ask for it.
   *
   * @return how many secrets were removed, and one-time secrets ended, by this call
   * @throws AccessDeniedException if this vault was {@linkplain #restrictedTo restricted}, as it
   *     would lead out of its namespace
   * @throws IntegrityException if the store, or what a namespace counts or traces, is damaged; what
   *     that does not concern was removed
   * @throws StoreFailedException if the store cannot commit, when all that is left stays; or if it
   *     cannot read some of it, when what that does not concern was removed
   */
  public int sweep() {
    requirePermitted(Permission.DELETE);
    requireUnconfined();
    admitted(Permission.DELETE);
    return opened.sweeper().sweep();
  }

  /**
   * Describes a secret.
   *
   * @param id the secret
   * @return all but its value
   * @throws SecretNotFoundException if there is none of this id
   */
  public SecretInfo describe(SecretId id) {
    Objects.requireNonNull(id, "id");
    return admitted(Permission.LIST)
        .live()
        .find(id)
        .orElseThrow(SecretNotFoundException::new)
        .info();
  }

  /**
   * Looks a secret up by its name.
   *
   * @param name the name, compared exactly
   * @return all but its value; empty if there is none of this name
   */
  public Optional<SecretInfo> find(String name) {
    Objects.requireNonNull(name, "name");
    return admitted(Permission.LIST).live().find(name).map(Live::info);
  }

  /**
   * Lists secrets in the order of their creation.
   *
   * <p>Going from page to page with {@link ListQuery#after} meets every secret that is there all
   * the while exactly once, whatever is created and deleted meanwhile.
   *
   * @param query which secrets, and how many at a time
   * @return a page, without values
   */
  public Page<SecretInfo> list(ListQuery query) {
    Objects.requireNonNull(query, "query");
    return life(Permission.LIST).list(query);
  }

  /**
   * Reveals the value of a secret.
   *
   * <p>With {@link Disclosure#ONCE}, the value is gone from the store, durably, before this method
   * returns it; if this method throws {@link StoreFailedException} with an unknown outcome, it may
   * be gone without having been returned.
   *
   * @param id the secret
   * @return its current value, for the caller to close
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretNotActiveException if it is inactive or not yet valid
   * @throws SecretExpiredException if it has expired
   * @throws NotRevealableException if it has {@link Disclosure#AT_CREATION}
   * @throws AlreadyRevealedException if it has {@link Disclosure#ONCE} and was revealed
   * @throws WrongPassphraseException if it is protected by a passphrase; nothing is counted
   * @throws StaleRevisionException if it has {@link Disclosure#ONCE}, and others keep creating and
   *     deleting where secrets are limited
   */
  public SecretValue reveal(SecretId id) {
    Objects.requireNonNull(id, "id");
    return use(Permission.REVEAL).reveal(finding(id));
  }

  /**
   * Reveals the value of a secret, as {@link #reveal(SecretId)} does.
   *
   * @param name the secret's name
   * @return its current value, for the caller to close
   */
  public SecretValue reveal(String name) {
    Objects.requireNonNull(name, "name");
    return use(Permission.REVEAL).reveal(finding(name));
  }

  /**
   * Reveals the value of a secret that may be {@linkplain SecretSpec#passphrase protected by a
   * passphrase}; of one that is not, as {@link #reveal(SecretId)} does.
   *
   * <p>Wrong passphrases are counted in the store, for all vaults on it together. After 20 of them
   * within 10 minutes nobody gets the value for 30 minutes, not even with the right one; a right
   * one before that clears the count. An attempt counts from its beginning, so one that is broken
   * off counts as wrong. Attempts at one secret wait for each other. Argon2id takes 19 MiB and some
   * 30 ms; at most two run in a process at a time, and others wait.
   *
   * @param id the secret
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @return its current value, for the caller to close
   * @throws WrongPassphraseException if the passphrase is wrong; it was counted
   * @throws PassphraseLockedException if there were too many; the passphrase was not looked at
   * @throws StaleRevisionException if others keep changing what is counted
   * @throws IllegalArgumentException if the passphrase is empty, too long, or holds an unpaired
   *     surrogate; nothing was counted
   */
  public SecretValue reveal(SecretId id, char[] passphrase) {
    Objects.requireNonNull(id, "id");
    return use(Permission.REVEAL).reveal(finding(id), Text.checkPassphrase(passphrase), null);
  }

  /**
   * Reveals the value of a secret, as {@link #reveal(SecretId, char[])} does.
   *
   * @param name the secret's name
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @return its current value, for the caller to close
   */
  public SecretValue reveal(String name, char[] passphrase) {
    Objects.requireNonNull(name, "name");
    return use(Permission.REVEAL).reveal(finding(name), Text.checkPassphrase(passphrase), null);
  }

  /**
   * Reveals the value of a secret, as {@link #reveal(SecretId, char[])} does, on behalf of a caller
   * whose wrong passphrases are counted for themselves, too: 5 of them within 10 minutes lock that
   * caller out for 30 minutes, and leave others alone.
   *
   * @param id the secret
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @param caller who tries, such as an address or an account's name, of 1 to {@value #MAX_CALLER}
   *     code points; not stored, only a keyed digest of it
   * @return its current value, for the caller to close
   * @throws IllegalArgumentException if the caller is not allowed, as well
   */
  public SecretValue reveal(SecretId id, char[] passphrase, String caller) {
    Objects.requireNonNull(id, "id");
    return use(Permission.REVEAL)
        .reveal(finding(id), Text.checkPassphrase(passphrase), requireCaller(caller));
  }

  /**
   * Reveals the value of a secret, as {@link #reveal(SecretId, char[], String)} does.
   *
   * @param name the secret's name
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @param caller who tries, of 1 to {@value #MAX_CALLER} code points
   * @return its current value, for the caller to close
   */
  public SecretValue reveal(String name, char[] passphrase, String caller) {
    Objects.requireNonNull(name, "name");
    return use(Permission.REVEAL)
        .reveal(finding(name), Text.checkPassphrase(passphrase), requireCaller(caller));
  }

  static String requireCaller(String caller) {
    return Text.check("caller", Objects.requireNonNull(caller, "caller"), 1, MAX_CALLER);
  }

  /**
   * Puts the values of secrets into a text, such as <code>Bearer {{secret:api-key}}</code>, and
   * lends the result.
   *
   * <p>A reference is <code>{{secret:</code>, a name, and the next <code>}}</code>; of more than
   * two opening braces in a row, the last two begin it. A backslash right before two opening braces
   * makes them plain text; to have a backslash right before a reference, write two. Any other
   * backslash or brace stands for itself.
   *
   * <p>Each secret is revealed once, however often its name occurs. None is revealed if one of the
   * names is not known, or one of the secrets may not be revealed now. Of those with {@link
   * Disclosure#ONCE}, a text may have one, which is taken last, when all else of the text is there:
   * so none is used up for a text that does not come about.
   *
   * @param template the text with the references
   * @param reader what to do with the result, in an array that is overwritten when it is done; must
   *     not keep it
   * @return what the reader returned
   * @param <T> the type of that
   * @throws SecretNotFoundException if names are not those of secrets; it has all of them
   * @throws SecretNotActiveException if a secret is inactive or not yet valid
   * @throws SecretExpiredException if one has expired
   * @throws NotRevealableException if one has {@link Disclosure#AT_CREATION}
   * @throws AlreadyRevealedException if one has {@link Disclosure#ONCE} and was revealed
   * @throws WrongPassphraseException if one is protected by a passphrase
   * @throws IllegalArgumentException if two braces begin anything else, more than one secret has
   *     {@link Disclosure#ONCE}, or the text would have more than {@value #MAX_RESOLVED_CHARS}
   *     chars
   * @throws IllegalStateException if a value is not text in UTF-8
   * @throws StaleRevisionException as {@link #reveal(SecretId)} does
   */
  public <T> T resolve(String template, Function<char[], T> reader) {
    References references = References.in(Objects.requireNonNull(template, "template"));
    Objects.requireNonNull(reader, "reader");
    requirePermitted(Permission.REVEAL);
    namespace.admit(references.names().size(), Permission.REVEAL);
    return namespace.use().resolve(references, reader);
  }

  /**
   * Makes the digest of a user ID: HMAC-SHA-256 (RFC 2104, FIPS 180-4) of the user ID in UTF-8,
   * under the secret's current value as it is, which for text is its UTF-8 form: no decoding of
   * hexadecimal digits or Base64.
   *
   * @param id the secret, of any {@link Disclosure}
   * @param userId 1 to {@value #MAX_USER_ID_BYTES} bytes in UTF-8
   * @return the digest, 32 bytes
   * @throws SecretNotFoundException if there is none of this id
   * @throws SecretNotActiveException if it is inactive or not yet valid
   * @throws SecretExpiredException if it has expired
   * @throws AlreadyRevealedException if its value is gone
   * @throws NotRevealableException if it is protected by a passphrase
   * @throws IllegalArgumentException if the user ID is empty, too long, or holds an unpaired
   *     surrogate
   */
  public Digest hmac(SecretId id, String userId) {
    Objects.requireNonNull(id, "id");
    return use(Permission.DIGEST).hmac(finding(id), userId);
  }

  /**
   * Makes the digest of a user ID, as {@link #hmac(SecretId, String)} does.
   *
   * @param name the secret's name
   * @param userId 1 to {@value #MAX_USER_ID_BYTES} bytes in UTF-8
   * @return the digest, 32 bytes
   */
  public Digest hmac(String name, String userId) {
    Objects.requireNonNull(name, "name");
    return use(Permission.DIGEST).hmac(finding(name), userId);
  }

  /**
   * Says whether a digest is that of a user ID, under the current or a previous version of a
   * secret. How far a wrong digest is right has no influence on the time this takes.
   *
   * @param id the secret
   * @param userId what the digest is said to be of
   * @param digest 64 hexadecimal digits, of either case, or what {@link Digest#base64Url} writes
   * @return false as well if there is no such secret, it may not be used now, the user ID is none
   *     that {@link #hmac(SecretId, String)} takes, or the digest is malformed: whoever sent it
   *     learns no more than that it is wrong
   */
  public boolean verify(SecretId id, String userId, String digest) {
    Objects.requireNonNull(id, "id");
    return use(Permission.DIGEST).verify(finding(id), userId, digest);
  }

  /**
   * Says whether a digest is that of a user ID, as {@link #verify(SecretId, String, String)} does.
   *
   * @param name the secret's name
   * @param userId what the digest is said to be of
   * @param digest 64 hexadecimal digits, of either case, or what {@link Digest#base64Url} writes
   * @return whether it is; false as well if that cannot be, as there
   */
  public boolean verify(String name, String userId, String digest) {
    Objects.requireNonNull(name, "name");
    return use(Permission.DIGEST).verify(finding(name), userId, digest);
  }

  /**
   * Says whether a secret has this value now, without revealing it, and in time that does not
   * depend on where the two differ. A secret of any {@link Disclosure} can be asked, and stays as
   * it is.
   *
   * @param id the secret
   * @param candidate the value that it may have
   * @return false as well if there is no such secret, or it may not be used now, or is protected by
   *     a passphrase
   */
  public boolean matches(SecretId id, byte[] candidate) {
    return use(Permission.DIGEST).matches(finding(id), candidate);
  }

  /**
   * Says whether a secret has this value, as {@link #matches(SecretId, byte[])} does.
   *
   * @param name the secret's name
   * @param candidate the value that it may have
   * @return whether it has; false as well if that cannot be, as there
   */
  public boolean matches(String name, byte[] candidate) {
    return use(Permission.DIGEST).matches(finding(name), candidate);
  }

  /**
   * Says whether a secret has this text as its value, as {@link #matches(SecretId, byte[])} does.
   *
   * @param id the secret
   * @param candidate the text, of which the caller may overwrite the array
   * @return whether it has; false as well if that cannot be, as there
   */
  public boolean matches(SecretId id, char[] candidate) {
    return use(Permission.DIGEST).matches(finding(id), candidate);
  }

  /**
   * Says whether a secret has this text as its value, as {@link #matches(SecretId, byte[])} does.
   *
   * @param name the secret's name
   * @param candidate the text, of which the caller may overwrite the array
   * @return whether it has; false as well if that cannot be, as there
   */
  public boolean matches(String name, char[] candidate) {
    return use(Permission.DIGEST).matches(finding(name), candidate);
  }

  /** {@return the one-time secrets of this namespace, to be shared by links that open them once} */
  public OneTimeSecrets oneTime() {
    requireOpen();
    return new OneTimeSecrets(this);
  }

  /**
   * {@return the vault's keys: what unlocks it, and the epochs of its data keys; they are those of
   * all namespaces}
   *
   * @throws AccessDeniedException if this view lacks {@link Permission#MANAGE_KEYS}
   */
  public VaultKeys keys() {
    admitted(Permission.MANAGE_KEYS);
    return opened.keys(namespace.auditor().actor(), this::requireOpen);
  }

  /**
   * Looks at another namespace of the vault, with the same permissions. Namespaces have names,
   * limits and secrets of their own, and no secret opens in another one. One comes to be with the
   * first secret that is created in it; a view of one that is not there costs nothing in the store.
   *
   * @param name 1 to {@value #MAX_NAMESPACE} code points, no control characters; empty for the
   *     namespace that the vault opens with
   * @return a view of the vault, for which what {@link #restrictedTo} says of views holds
   * @throws AccessDeniedException if this vault was {@linkplain #restrictedTo restricted}
   * @throws IllegalArgumentException if the name is not allowed
   */
  public SecretVault namespace(String name) {
    requireOpen();
    Text.check("namespace", Objects.requireNonNull(name, "name"), 0, MAX_NAMESPACE);
    requireUnconfined();
    return new SecretVault(
        opened,
        opened.namespaces().get(name).actingAs(namespace.auditor().actor()),
        permissions,
        false,
        this);
  }

  /**
   * Makes a view of this vault that may do less, to be handed to code that is trusted less. A
   * method that takes a permission which the view lacks throws {@link AccessDeniedException},
   * before it reads anything; no method of the view gives that permission back, nor leads out of
   * this vault's namespace. A view costs nothing. Closing one ends it and the views that were made
   * of it; whoever closes the vault ends all of them.
   *
   * @param allowed what the view may do, if this vault may
   * @return the view
   */
  public SecretVault restrictedTo(Set<Permission> allowed) {
    requireOpen();
    Set<Permission> both = EnumSet.noneOf(Permission.class);
    both.addAll(Objects.requireNonNull(allowed, "allowed"));
    both.retainAll(permissions);
    return new SecretVault(opened, namespace, both, true, this);
  }

  /**
   * Prepares a secret for signing and verifying many user IDs, under {@link
   * UserIdPolicy#standard()}.
   *
   * @param id the secret, of any {@link Disclosure}
   * @return what signs with it
   * @throws VaultException as {@link #hmac(SecretId, String)} throws it
   */
  public UserIdAuthenticator userIds(SecretId id) {
    return userIds(id, UserIdPolicy.standard());
  }

  /**
   * Prepares a secret, as {@link #userIds(SecretId)} does.
   *
   * @param name the secret's name now; what is returned belongs to the secret and not to the name
   * @return what signs with it
   */
  public UserIdAuthenticator userIds(String name) {
    return userIds(name, UserIdPolicy.standard());
  }

  /**
   * Prepares a secret for signing and verifying many user IDs.
   *
   * <p>One secret has one selection and order of the parts that are joined, which its first policy
   * with {@link UserIdPolicy#salted} or {@link UserIdPolicy#expiring} settles as long as the vault
   * is open: a digest that was made under one is right for other parts under another. Other
   * processes cannot be checked: have them keep to the same, or give each its own secret. {@link
   * UserIdPolicy#bound} is not concerned.
   *
   * @param id the secret, of any {@link Disclosure}
   * @param policy how it signs, and what it accepts
   * @return what signs with it
   * @throws VaultException as {@link #hmac(SecretId, String)} throws it
   * @throws IllegalStateException if the secret was used with another selection or order of parts
   */
  public UserIdAuthenticator userIds(SecretId id, UserIdPolicy policy) {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(policy, "policy");
    return new UserIdAuthenticator(this, use(Permission.DIGEST), id, policy);
  }

  /**
   * Prepares a secret, as {@link #userIds(SecretId, UserIdPolicy)} does.
   *
   * @param name the secret's name now; what is returned belongs to the secret and not to the name
   * @param policy how it signs, and what it accepts
   * @return what signs with it
   */
  public UserIdAuthenticator userIds(String name, UserIdPolicy policy) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(policy, "policy");
    SecretUse use = use(Permission.DIGEST);
    return new UserIdAuthenticator(this, use, use.idOf(name), policy);
  }

  /**
   * Says who acts: what is done through the view that is returned has this name in the {@linkplain
   * #audit audit trail}. It changes nothing else, and is not checked: whoever calls this is trusted
   * to say the truth. It can be said once, so a view can be handed on without the receiver being
   * able to act in another name. What has expired was ended by the time, whoever's call removes it.
   *
   * @param actor such as an account's name or a request's number, 1 to {@value #MAX_CALLER} code
   *     points, no control characters; stored sealed
   * @return the vault, for somebody who acts; a {@linkplain #restrictedTo view}
   * @throws IllegalArgumentException if the name is not allowed
   * @throws IllegalStateException if it was said before of what this is a view of
   */
  public SecretVault actingAs(String actor) {
    requireOpen();
    Text.check("actor", Objects.requireNonNull(actor, "actor"), 1, MAX_CALLER);
    if (namespace.auditor().actor() != null) {
      throw new IllegalStateException("who acts was already said");
    }
    return new SecretVault(opened, namespace.actingAs(actor), permissions, restricted, this);
  }

  /**
   * {@return what was done in this namespace; empty unless the vault was {@linkplain
   * VaultBuilder#audit told to keep it}}
   *
   * @throws AccessDeniedException if this view lacks {@link Permission#AUDIT}
   */
  public AuditTrail audit() {
    AuditChain chain = admitted(Permission.AUDIT).auditor().chain();
    return new AuditTrail(
        chain,
        this::requireOpen,
        handler -> opened.namespaces().handlers().add(chain, () -> !isClosed(), handler));
  }

  /**
   * Calls a handler with the secret of this name as it is, and again with each change of it: when a
   * secret of this name is created, activated or deactivated, rotated, rolled back or updated, when
   * one loses the name or gets it, and when it is deleted or its value is gone. A change that this
   * vault makes is handled at once, one that another vault on the store makes within a second. That
   * a time is reached, such as {@linkplain SecretInfo#expiresAt its expiry}, is no change.
   *
   * <p>The handler is given what {@link #find} would return, and no value. One that wants it
   * reveals it, and takes it into use when that has worked; so what it had stays in use if the new
   * value cannot be had.
   *
   * <p>Each handler is called on a daemon thread of its own, one call at a time, so one that throws
   * or takes long keeps neither others nor any change waiting. Changes that come meanwhile are not
   * queued: the next call is with the secret as it is then. What a handler throws is logged, by the
   * name of its class; if that is a {@link VaultException} that is {@linkplain
   * VaultException#retryable retryable}, or the secret cannot be read, it is called again later,
   * after a quarter of a second at first and at least once a minute.
   *
   * <p>The calls end when the subscription is closed, this view, or the vault, none of which waits
   * for a call that is under way; the handler may close any of them.
   *
   * @param name the name, compared exactly
   * @param handler what to call
   * @return closing it ends the calls
   * @throws IllegalArgumentException if the name holds an unpaired surrogate
   */
  public ChangeSubscription onChange(String name, Consumer<Optional<SecretInfo>> handler) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(handler, "handler");
    if (!Text.isWellFormed(name)) {
      throw new IllegalArgumentException(
          "name: holds an unpaired surrogate, which is no character");
    }
    VaultRecords records = admitted(Permission.LIST).records();
    return opened.namespaces().handlers().add(records, name, () -> !isClosed(), handler);
  }

  private Supplier<Optional<Live>> finding(SecretId id) {
    Objects.requireNonNull(id, "id");
    return () -> namespace.live().find(id);
  }

  private Supplier<Optional<Live>> finding(String name) {
    Objects.requireNonNull(name, "name");
    return () -> namespace.live().find(name);
  }

  private SecretLife life(Permission call) {
    return admitted(call).life();
  }

  private SecretUse use(Permission call) {
    return admitted(call).use();
  }

  /** Lets a call through that takes these permissions, and counts it for each, or for none. */
  Namespace admitted(Permission... calls) {
    requirePermitted(calls);
    namespace.admit(1, calls);
    return namespace;
  }

  private void requirePermitted(Permission... calls) {
    requireOpen();
    for (Permission call : calls) {
      if (!permissions.contains(call)) {
        throw AccessDeniedException.lacking(call);
      }
    }
  }

  private void requireUnconfined() {
    if (restricted) {
      throw AccessDeniedException.confined();
    }
  }

  private void requireOpen() {
    if (isClosed()) {
      throw new IllegalStateException("the vault is closed");
    }
  }

  private boolean isClosed() {
    SecretVault part = this;
    while (part != null) {
      if (part.closed) {
        return true;
      }
      part = part.whole;
    }
    return false;
  }

  /**
   * Waits for running changes, closes the store and lets the keys go; of a view, ends the view and
   * those made of it. Closing twice is closing once.
   *
   * @throws StoreFailedException if the store cannot be closed properly; what was returned as done
   *     stays done
   */
  @Override
  public void close() {
    closed = true;
    if (whole == null) {
      opened.close();
    } else {
      opened.namespaces().handlers().endUnwanted();
    }
  }

  /** Says nothing of what is inside. */
  @Override
  public String toString() {
    return isClosed() ? "SecretVault[closed]" : "SecretVault[open]";
  }
}
