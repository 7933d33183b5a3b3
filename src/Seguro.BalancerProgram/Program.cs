using Seguro.CommandLine;

using Signals signals = new();
PlainTerminal terminal = PlainTerminal.OfProcess();
return await CommandAction.RunAsync(BalancerCommand.CreateRoot(terminal), "seguro-balancer", args, terminal, signals.End);
