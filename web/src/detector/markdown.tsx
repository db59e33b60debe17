import { type MarkedToken, marked, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';
import { ScrollRegion } from '../lib/scroll-region.tsx';

/** Markdown as elements: no markup of the text itself ever gets into the page. */
export function Markdown({ text }: { readonly text: string }) {
  return <div class="markdown">{blocks(marked.lexer(text))}</div>;
}

function blocks(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token, index) => <Block key={index} token={token as MarkedToken} />);
}

function Block({ token }: { readonly token: MarkedToken }) {
  switch (token.type) {
    case 'heading':
      // The page has its own headings above.
      return token.depth <= 2 ? <h3>{inline(token.tokens)}</h3> : <h4>{inline(token.tokens)}</h4>;
    case 'paragraph':
      return <p>{inline(token.tokens)}</p>;
    case 'list':
      return <List token={token} />;
    case 'table':
      return <Table token={token} />;
    case 'code':
      return <pre>{token.text}</pre>;
    case 'space':
      return null;
    case 'text':
      return <>{token.tokens === undefined ? token.text : inline(token.tokens)}</>;
    default:
      return <p>{token.raw}</p>;
  }
}

function List({ token }: { readonly token: Tokens.List }) {
  const items = token.items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
  return token.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
}

function Table({ token }: { readonly token: Tokens.Table }) {
  return (
    <ScrollRegion class="table-wide" label={token.header.map(({ text }) => text).join(', ')}>
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} scope="col">
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function inline(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token, index) => <Inline key={index} token={token as MarkedToken} />);
}

function Inline({ token }: { readonly token: MarkedToken }) {
  switch (token.type) {
    case 'strong':
      return <strong>{inline(token.tokens)}</strong>;
    case 'em':
      return <em>{inline(token.tokens)}</em>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      // Cards point into the repository, which the service does not serve.
      return <>{inline(token.tokens)}</>;
    case 'text':
    case 'escape':
      return <>{token.text}</>;
    default:
      return <>{token.raw}</>;
  }
}
