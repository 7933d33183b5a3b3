using Seguro.Cli.Commands;
using Seguro.Stores.Dqlite;

return args is [NodeArguments.Verb, .. string[] rest] ? await DqliteNodeCommand.RunAsync(rest) : 0;
