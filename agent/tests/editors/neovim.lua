-- Opens config.alloy of the current folder in Neovim with alloy-rs as its server, and prints what a person would see.
-- Run by tests/e2e/lsp_editors.rs: nvim --clean --headless -S neovim.lua, the program in ALLOY_RS.

local function say(...)
  io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), ' '), '\n')
end

local function main()
  vim.cmd('edit config.alloy')
  local id = vim.lsp.start_client({ name = 'alloy-rs', cmd = { vim.env.ALLOY_RS, 'lsp' }, root_dir = vim.fn.getcwd() })
  vim.lsp.buf_attach_client(0, id)
  vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 50)
  for _, found in ipairs(vim.diagnostic.get(0)) do
    say('finding', found.lnum + 1, found.col + 1, found.code)
  end
  local function ask(line, column, method)
    vim.api.nvim_win_set_cursor(0, { line, column })
    local answers = vim.lsp.buf_request_sync(0, method, vim.lsp.util.make_position_params(0, 'utf-16'), 30000)
    return answers[id].result
  end
  say('hover', vim.split(ask(3, 26, 'textDocument/hover').contents.value, '\n')[1])
  vim.lsp.buf.definition()
  vim.wait(30000, function() return vim.api.nvim_win_get_cursor(0)[1] == 6 end, 50)
  say('definition in line', vim.api.nvim_win_get_cursor(0)[1])
  local labels = vim.tbl_map(function(item) return item.label end, ask(9, 0, 'textDocument/completion').items)
  say('completes tenant_id', vim.tbl_contains(labels, 'tenant_id'))
  vim.api.nvim_win_set_cursor(0, { 6, 14 })
  vim.lsp.buf.rename('sink')
  vim.wait(30000, function() return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1]:find('sink') end, 50)
  local format = vim.lsp.buf.format or vim.lsp.buf.formatting_sync
  format(vim.lsp.buf.format and { timeout_ms = 30000 } or nil, 30000)
  for _, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    say(line)
  end
  vim.lsp.stop_client(id)
  vim.wait(30000, function() return vim.lsp.client_is_stopped(id) end, 50)
  say('stopped', vim.lsp.client_is_stopped(id))
end

local fine, error = pcall(main)
if not fine then
  say('failed', error)
end
vim.cmd('qa!')
