import { useState } from 'preact/hooks';
import { signIn } from './lib/session.ts';
import { S } from './strings.ts';

/** Asks for a key; the service answers with a cookie that this page cannot read. */
export function SignIn() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    const said = await signIn(String(new FormData(form).get('key') ?? '').trim()).catch(
      () => S.session.unreachable,
    );
    setBusy(false);
    setProblem(said);
  };
  return (
    <form class="sign-in card" onSubmit={(event) => void submit(event)}>
      <h1>{S.session.title}</h1>
      <p>{S.session.hint}</p>
      <label for="key">{S.session.key}</label>
      <input id="key" name="key" type="password" autocomplete="current-password" required />
      {problem !== null && (
        <p class="note warn" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" class="primary" disabled={isBusy}>
        {S.session.signIn}
      </button>
    </form>
  );
}
